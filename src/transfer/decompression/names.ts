import type { ImageFormat } from '../../image.ts'

/** Whether the name of a file in an archive says that it is the image: it ends in the format, or in `.img`. */
export function namesImage(name: string, format: ImageFormat): boolean {
  return endingsOf(format).some((ending) => name.toLowerCase().endsWith(ending)) && !isSideFile(name)
}

/** What the name of the image in an archive may end in. */
export function endingsOf(format: ImageFormat): readonly string[] {
  return format === 'raw' || format === 'qcow2' ? [`.${format}`, '.img'] : [`.${format}`]
}

/**
 * What macOS puts beside a file to keep attributes that the archive has no place for: `._disk.raw`, in ZIP archives in a
 * folder `__MACOSX`. It has the name of the file, and none of its bytes.
 */
export function isSideFile(name: string): boolean {
  const segments = name.split('/')
  return segments.includes('__MACOSX') || segments.at(-1)?.startsWith('._') === true
}

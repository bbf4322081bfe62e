import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface ImageName {
  readonly name: string
  readonly shortname: string | undefined
}

/** Names of the images in folders or files; what cannot be read has none. */
export async function imageNames(paths: readonly string[]): Promise<ImageName[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat()
  return (await Promise.all(files.map(namesOf))).flat()
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const entries = await readdir(path)
    return entries.filter((entry) => /\.ya?ml$/.test(entry)).map((entry) => join(path, entry))
  } catch {
    return []
  }
}

async function namesOf(file: string): Promise<ImageName[]> {
  const { parse } = await import('yaml')
  try {
    const content = parse(await readFile(file, 'utf8')) as { images?: unknown } | null
    const images: readonly unknown[] = Array.isArray(content?.images) ? content.images : []
    return images.flatMap((image) => {
      const { name, shortname } = (image ?? {}) as { name?: unknown; shortname?: unknown }
      if (typeof name !== 'string') return []
      return [{ name, shortname: typeof shortname === 'string' ? shortname : undefined }]
    })
  } catch {
    return []
  }
}

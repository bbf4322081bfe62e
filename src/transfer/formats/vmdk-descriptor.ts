import { unsafe } from './refusal.ts'

const allowedTypes = ['monolithicSparse', 'streamOptimized']
const noParent = 'ffffffff'
const otherFileKeys = ['parentfilenamehint', 'changetrackpath']

/**
 * Refuses the embedded descriptor of a VMDK unless it describes one sparse extent, the file itself. The
 * extent's file name is the name under which the disk was made, so any plain name will do. NUL bytes
 * count as line ends: what a reader would cut off is looked at too. The syntax is that of VMware's
 * "Virtual Disk Format 5.0", section "The Descriptor File".
 *
 * @throws UpdaterError `IMAGE_UNSAFE`
 */
export function checkVmdkDescriptor(text: string): void {
  const lines = text.split(/[\r\n\0]+/).map((line) => line.trim())
  checkSettings(lines)
  const extents = lines.filter((line) => /^(?:rw|rdonly|noaccess)\s/i.test(line))
  if (extents.length !== 1) {
    throw unsafe(`The vmdk image's descriptor has ${extents.length} extents, where one file has one`)
  }
  for (const extent of extents) checkExtent(extent)
}

function checkSettings(lines: readonly string[]): void {
  const settings = lines.map(readSetting).filter((setting) => setting !== undefined)
  const types = settings.filter(({ key }) => key === 'createtype')
  if (types.length === 0) throw unsafe("The vmdk image's descriptor does not say its createType")
  const refused = types.find(({ value }) => !allowedTypes.includes(value))
  if (refused !== undefined) {
    throw unsafe(
      `The vmdk image has the createType ${shown(refused.value)}; one-file disks are ${allowedTypes.join(' or ')}`,
    )
  }
  if (settings.some(({ key, value }) => key === 'parentcid' && value.toLowerCase() !== noParent)) {
    throw unsafe('The vmdk image has a parent disk: parts of it would be read from another file')
  }
  const pointer = settings.find(({ key }) => otherFileKeys.includes(key))
  if (pointer !== undefined) {
    throw unsafe(`The vmdk image's descriptor names another file by ${pointer.name}`)
  }
}

function readSetting(line: string): { name: string; key: string; value: string } | undefined {
  const at = line.indexOf('=')
  if (at < 0) return undefined
  const name = line.slice(0, at).trim()
  const value = line.slice(at + 1).trim()
  return { name, key: name.toLowerCase(), value: value.replace(/^"(.*)"$/, '$1') }
}

/** `ACCESS SECTORS TYPE "FILE" [OFFSET]` */
function checkExtent(line: string): void {
  const [, type = '', rest = ''] = /^\S+\s+\d+\s+(\S+)\s*(.*)$/.exec(line) ?? []
  if (type !== 'SPARSE') {
    throw unsafe(`The vmdk image has an extent of type ${shown(type)}: it would be read from another file`)
  }
  if (!/^"[^"/\\]+"(?:\s+0)?$/.test(rest)) {
    throw unsafe("The vmdk image's extent names a path or is malformed: it may be read from another file")
  }
}

function shown(text: string): string {
  return `"${text.slice(0, 40)}"`
}

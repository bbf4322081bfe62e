import { formatPlace } from '../errors.ts'
import type { CheckedImage, CheckedVersion, Located } from './image.ts'
import { repetitionsOf } from './judge-image.ts'
import type { ReportFinding } from './rules.ts'

type ReportFor = (image: CheckedImage) => ReportFinding

/** Reports values that several images of a catalogue share although only one of them can have it. */
export function judgeCatalogue(images: readonly CheckedImage[], reportFor: ReportFor): void {
  const names = images.flatMap((image) =>
    image.name === '' ? [] : [{ text: image.name, place: image.nameAt, image }],
  )
  for (const [first, second] of repetitionsOf(names)) {
    reportFor(second.image)('repeated-name', second.place, `The name is that of the image at ${where(first)}`)
  }
  const shortnames = images.flatMap((image) =>
    image.shortname === undefined ? [] : [{ text: image.shortname, place: image.shortnameAt, image }],
  )
  for (const [first, second] of repetitionsOf(shortnames)) {
    const message = `The shortname is that of ${nameOf(first)}`
    reportFor(second.image)('repeated-shortname', second.place, message)
  }
  judgeVersions(images, reportFor)
}

function judgeVersions(images: readonly CheckedImage[], reportFor: ReportFor): void {
  const entries = images.flatMap((image) => image.versions.map((version) => ({ image, version })))
  const listed = (of: (version: CheckedVersion) => Located | undefined) =>
    entries.flatMap(({ image, version }) => {
      const located = of(version)
      return located === undefined ? [] : [{ ...located, image, version }]
    })
  for (const [first, second] of repetitionsOf(listed(({ mirrorUrl }) => mirrorUrl))) {
    reportFor(second.image)('shared-object', second.place, `"mirror_url" is that of ${nameOf(first)}`)
  }
  for (const [first, second] of repetitionsOf(listed(({ checksum }) => checksum))) {
    // Two definitions may well use one file.
    if (first.image === second.image || first.version.url?.text === second.version.url?.text) continue
    const message = `"checksum" is that of ${nameOf(first)}, for another url`
    reportFor(second.image)('shared-checksum', second.place, message)
  }
}

interface Owned extends Located {
  readonly image: CheckedImage
}

function nameOf(owned: Owned): string {
  return `${owned.image.name === '' ? 'an image' : owned.image.name} (${where(owned)})`
}

function where({ place: { file, line } }: Owned): string {
  return formatPlace({ file, ...(line === undefined ? {} : { line }) })
}

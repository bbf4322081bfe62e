import { shortnamePattern } from '../catalog/parse.ts'
import { calendarDay } from '../catalog/value.ts'
import { formatPlace } from '../errors.ts'
import { dateOfVersion, digestAlgorithms, hexLengths, parseDigest } from '../image.ts'
import type { RuleName } from '../rules.ts'
import { type CheckedImage, type Entry, isEnabled, type Located, type Texts } from './image.ts'
import type { ReportFinding } from './rules.ts'
import {
  architectureNamed,
  fileNameOf,
  formatNamed,
  hasPlaceholder,
  isMoving,
  packedAs,
  pathOf,
} from './url.ts'

/** Reports what the schema accepts in one image although it cannot be meant. @param today `YYYY-MM-DD` */
export function judgeImage(image: CheckedImage, today: string, report: ReportFinding): void {
  const { texts, meta, versions, place } = image
  judgeSources(image, report)
  const { uuid_validity: validity } = meta
  if (validity?.text.startsWith('last-') && !/^last-[1-9]\d*$/.test(validity.text)) {
    report('unclear-validity', validity.place, '"uuid_validity" does not say how many versions are kept')
  }
  if (isEnabled(image) && texts.latest_url === undefined && versions.length === 0) {
    report('idle-image', place, 'The image is enabled, but there is nothing to import and nowhere to look')
  }
  for (const version of versions) judgeVersion(version, image, today, report)
  judgeRepetitions(versions, report)
}

function judgeSources(image: CheckedImage, report: ReportFinding): void {
  const { latest_url: latestUrl, latest_checksum_url: checksumUrl, shortname } = image.texts
  for (const url of [latestUrl, checksumUrl]) {
    if (url === undefined) continue
    const { key, text, place } = url
    judgeUrl(url, report)
    if (hasPlaceholder(text.replaceAll(/HEREBE.*?DRAGONS/g, ''))) {
      report('broken-placeholder', place, `"${key}" has one of HEREBE and DRAGONS without the other`)
    } else if (/^ftps?:/i.test(text)) {
      report('unusable-url', place, `"${key}" is neither https nor http, and is not looked at`)
    }
  }
  if (latestUrl === undefined) {
    if (checksumUrl !== undefined) {
      report('lone-latest-url', checksumUrl.place, 'There is a latest_checksum_url but no latest_url')
    }
    return
  }
  // With a placeholder the version can be found, and the first download tells the digest.
  if (checksumUrl === undefined && !hasPlaceholder(latestUrl.text)) {
    report('lone-latest-url', latestUrl.place, 'There is a latest_url but no latest_checksum_url')
  }
  if (shortname === undefined) {
    const remedy = 'Add it: the object on the mirror is named after it'
    report('missing-key', image.place, 'An image with "latest_url" has no "shortname"', remedy)
  } else if (!shortnamePattern.test(shortname.text)) {
    report('unusable-shortname', shortname.place, 'The "shortname" cannot be a part of a path on the mirror')
  }
  judgeFile(latestUrl, image, report)
}

/** Reports what the schema accepts in one version although it cannot be meant. @param today `YYYY-MM-DD` */
function judgeVersion(version: Entry, image: CheckedImage, today: string, report: ReportFinding): void {
  const { url, mirror_url: mirrorUrl, checksum } = version.texts
  if (url !== undefined) {
    judgeUrl(url, report)
    judgeFile(url, image, report)
    if (hasPlaceholder(url.text)) {
      report('placeholder-url', url.place, '"url" holds a placeholder, so nothing can be downloaded from it')
    } else if (checksum !== undefined && isMoving(url.text)) {
      report('moving-url', url.place, '"url" leads to the newest build, "checksum" is that of one build')
    }
    const packed = packedAs(url.text)
    if (packed !== undefined && mirrorUrl === undefined) {
      report('packed-url', url.place, `"url" is a ${packed} file, and there is no mirror_url`)
    }
  }
  if (mirrorUrl !== undefined) judgeMirror(mirrorUrl, version.texts, image, report)
  judgeChecksum(version, report)
  judgeDates(version.texts, today, report)
}

/** Reports what can be wrong with any URL of a catalogue. */
function judgeUrl({ key, text, place }: Located, report: ReportFinding): void {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(text)) {
    report('credentials-url', place, `"${key}" holds a user name or a password`)
  }
  if (/^(?:http|ftp):/i.test(text)) {
    report('insecure-url', place, `"${key}" is asked without encryption: what comes back may be anybody's`)
  }
  if (/\s/.test(text)) report('unusable-url', place, `"${key}" holds a space or a line break`)
}

/** Reports a file whose name does not fit the image. */
function judgeFile({ key, text, place }: Located, image: CheckedImage, report: ReportFinding): void {
  const { format } = image.texts
  const { architecture } = image.meta
  const named = formatNamed(text)
  if (named !== undefined && format !== undefined && named !== format.text) {
    report('format-mismatch', place, `"${key}" names a ${named} file, "format" is ${format.text}`)
  }
  const machine = architectureNamed(text)
  const isComparable = architecture !== undefined && /^(?:x86_64|aarch64)$/.test(architecture.text)
  if (machine !== undefined && isComparable && machine !== architecture.text) {
    const message = `"${key}" names ${machine}, "architecture" is ${architecture.text}`
    report('architecture-mismatch', place, message)
  }
}

function judgeMirror(url: Located, texts: Texts, image: CheckedImage, report: ReportFinding): void {
  const { text, place } = url
  judgeUrl(url, report)
  if (hasPlaceholder(text)) {
    report('placeholder-url', place, '"mirror_url" holds a placeholder, so nothing can be there')
    return
  }
  const packed = packedAs(text)
  if (packed !== undefined) report('packed-object', place, `"mirror_url" is a ${packed} file`)
  judgeFile(url, image, report)
  // Names are written in different ways: letters and digits alone are compared.
  const bare = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const path = bare(pathOf(text).join('/'))
  const isNamed = (name: string | undefined) => name === undefined || path.includes(bare(name))
  // The day of the build stands in the name of an object of ours, whatever the version is.
  const [version, buildDate] = [texts.version?.text, texts.build_date?.text]
  const day = dateOfVersion({ version, buildDate })
  const lacking = [
    ...(isNamed(version) || (day !== undefined && isNamed(day)) ? [] : [`version ${version}`]),
    ...(isNamed(image.shortname) ? [] : [`shortname ${image.shortname}`]),
  ]
  if (lacking.length > 0) {
    report('mirror-name', place, `"mirror_url" (${fileNameOf(text)}) does not name ${lacking.join(' and ')}`)
  }
}

const digestLengths = new Map<string, number>(Object.entries(hexLengths))

function judgeChecksum({ texts, place }: Entry, report: ReportFinding): void {
  const { checksum } = texts
  if (checksum === undefined) {
    const isNamed = texts.checksum_url !== undefined || texts.checksums_url !== undefined
    if (!isNamed) report('missing-checksum', place, 'The version has no checksum')
    return
  }
  const [algorithm = ''] = checksum.text.toLowerCase().split(':')
  const length = digestLengths.get(algorithm)
  const digest = parseDigest(checksum.text)
  if (digest === undefined || length === undefined || checksum.text !== `${digest.algorithm}:${digest.hex}`) {
    const wanted =
      length === undefined
        ? `a digest of one of ${digestAlgorithms.join(', ')}`
        : `${algorithm}: and ${length} hexadecimal digits in lower case`
    report('malformed-checksum', checksum.place, `"checksum" is not ${wanted}`)
  } else if (['md5', 'sha1'].includes(digest.algorithm)) {
    const message = `Other bytes with the same ${digest.algorithm} digest can be made`
    report('weak-checksum', checksum.place, message)
  }
}

function judgeDates({ version, build_date: buildDate }: Texts, today: string, report: ReportFinding): void {
  const built = buildDate && calendarDay(buildDate.text)
  if (buildDate === undefined || built === undefined) return
  const named = version && /^\d{8}(?!\d)/.test(version.text) ? calendarDay(version.text) : undefined
  if (named !== undefined && named !== built) {
    report('date-mismatch', buildDate.place, `"build_date" is ${built}, "version" names ${named}`)
  }
  if (built > today) report('future-date', buildDate.place, `"build_date" ${built} is yet to come`)
}

/** Reports versions of one image that share a value that only one of them can have. */
function judgeRepetitions(versions: readonly Entry[], report: ReportFinding): void {
  const tell = (rule: RuleName, key: string, among: readonly Entry[]) => {
    const pairs = repetitionsOf(among, ({ texts }) => texts[key])
    for (const [first, { place }] of pairs) {
      report(rule, place, `"${key}" is the same as in line ${first.place.line ?? 1}`)
    }
    return new Set(pairs.map(([, { owner }]) => owner))
  }
  tell('repeated-version', 'version', versions)
  const sameUrl = tell('repeated-url', 'url', versions)
  const others = versions.filter((version) => !sameUrl.has(version))
  tell('repeated-checksum', 'checksum', others)
}

/** Reports values that several images of a catalogue share although only one of them can have it. */
export function judgeCatalogue(
  images: readonly CheckedImage[],
  reportFor: (image: CheckedImage) => ReportFinding,
): void {
  for (const [first, { owner, place }] of repetitionsOf(images, ({ texts }) => texts.name)) {
    reportFor(owner)('repeated-name', place, `The name is that of the image at ${where(first)}`)
  }
  for (const [first, { owner, place }] of repetitionsOf(images, ({ texts }) => texts.shortname)) {
    reportFor(owner)('repeated-shortname', place, `The shortname is that of ${nameOf(first.owner, first)}`)
  }
  const versions = images.flatMap((image) => image.versions.map(({ texts }) => ({ image, texts })))
  for (const [first, { owner, place }] of repetitionsOf(versions, ({ texts }) => texts.mirror_url)) {
    const message = `"mirror_url" is that of ${nameOf(first.owner.image, first)}`
    reportFor(owner.image)('shared-object', place, message)
  }
  for (const [first, { owner, place }] of repetitionsOf(versions, ({ texts }) => texts.checksum)) {
    // Two definitions may well use one file.
    if (first.owner.image === owner.image || first.owner.texts.url?.text === owner.texts.url?.text) continue
    const message = `"checksum" is that of ${nameOf(first.owner.image, first)}, for another url`
    reportFor(owner.image)('shared-checksum', place, message)
  }
}

/**
 * Reports checksums of packed files beside the `mirror_url` of what comes out of them. An entry of the same file without
 * a `mirror_url` has the digest of the packed one, and so has what is recorded beside an object in a folder.
 * @param recordedSource returns the packed file's checksum that is recorded beside the object of this URL
 */
export function judgePacked(
  images: readonly CheckedImage[],
  reportFor: (image: CheckedImage) => ReportFinding,
  recordedSource: (mirrorUrl: string) => string | undefined,
): void {
  const versions = images.flatMap((image) => image.versions.map(({ texts }) => ({ image, texts })))
  const packed = versions.filter(({ texts: { url } }) => packedAs(url?.text ?? '') !== undefined)
  const keyOf = ({ url, checksum }: Texts) => JSON.stringify([url?.text, checksum?.text])
  const published = new Map(
    packed.flatMap(({ texts }) => (texts.mirror_url === undefined ? [[keyOf(texts), texts.checksum]] : [])),
  )
  for (const { image, texts } of packed) {
    const { checksum, mirror_url: mirrorUrl } = texts
    if (checksum === undefined || mirrorUrl === undefined) continue
    const other = published.get(keyOf(texts))
    const why =
      other === undefined
        ? recordedSource(mirrorUrl.text) === checksum.text && 'by what is recorded beside its object'
        : `as ${where(other)} says, where there is no mirror_url`
    if (why === false) continue
    const message = `"checksum" is that of the packed file, ${why}, and not of what "mirror_url" serves`
    reportFor(image)('packed-checksum', checksum.place, message)
  }
}

interface Owned<Owner> extends Located {
  readonly owner: Owner
}

/** Each repetition of a text together with the first of its owners. */
function repetitionsOf<Owner>(
  owners: readonly Owner[],
  of: (owner: Owner) => Located | undefined,
): (readonly [first: Owned<Owner>, second: Owned<Owner>])[] {
  const firsts = new Map<string, Owned<Owner>>()
  return owners.flatMap((owner) => {
    const located = of(owner)
    if (located === undefined) return []
    const owned = { ...located, owner }
    const first = firsts.get(located.text)
    if (first !== undefined) return [[first, owned] as const]
    firsts.set(located.text, owned)
    return []
  })
}

function nameOf({ name }: CheckedImage, located: Located): string {
  return `${name === '' ? 'an image' : name} (${where(located)})`
}

function where({ place: { file, line } }: Located): string {
  return formatPlace({ file, line })
}

import { shortnamePattern } from '../catalog/parse.ts'
import { parseDigest } from '../image.ts'
import type { CheckedImage, CheckedVersion, Located } from './image.ts'
import type { ReportFinding, RuleName } from './rules.ts'
import {
  architectureNamed,
  bare,
  fileNameOf,
  formatNamed,
  hasPlaceholder,
  hasUserinfo,
  isBrokenPlaceholder,
  isInsecure,
  isMoving,
  packedAs,
  pathOf,
} from './url.ts'
import { dayOf } from './value.ts'

/** Reports what the schema accepts in one image although it cannot be meant. @param today `YYYY-MM-DD` */
export function judgeImage(image: CheckedImage, today: string, report: ReportFinding): void {
  judgeSources(image, report)
  const { uuidValidity, enable, latestUrl, versions, place } = image
  if (uuidValidity?.text.startsWith('last-') && !/^last-[1-9]\d*$/.test(uuidValidity.text)) {
    report('unclear-validity', uuidValidity.place, '"uuid_validity" does not say how many versions are kept')
  }
  if (enable && latestUrl === undefined && versions.length === 0) {
    report('idle-image', place, 'The image is enabled, but there is nothing to import and nowhere to look')
  }
  for (const version of versions) judgeVersion(version, image, today, report)
  judgeRepetitions(versions, report)
}

function judgeSources(
  { latestUrl, latestChecksumUrl, shortname, shortnameAt, place, ...image }: CheckedImage,
  report: ReportFinding,
): void {
  for (const [key, url] of [
    ['latest_url', latestUrl],
    ['latest_checksum_url', latestChecksumUrl],
  ] as const) {
    if (url === undefined) continue
    judgeUrl(key, url, report)
    if (isBrokenPlaceholder(url.text)) {
      report('broken-placeholder', url.place, `"${key}" has one of HEREBE and DRAGONS without the other`)
    } else if (/^ftps?:/i.test(url.text)) {
      report('unusable-url', url.place, `"${key}" is neither https nor http, and is not looked at`)
    }
  }
  if (latestUrl === undefined) {
    if (latestChecksumUrl !== undefined) {
      report('lone-latest-url', latestChecksumUrl.place, 'There is a latest_checksum_url but no latest_url')
    }
    return
  }
  // With a placeholder the version can be found, and the first download tells the digest.
  if (latestChecksumUrl === undefined && !hasPlaceholder(latestUrl.text)) {
    report('lone-latest-url', latestUrl.place, 'There is a latest_url but no latest_checksum_url')
  }
  if (shortname === undefined) {
    report(
      'missing-key',
      place,
      'An image with "latest_url" has no "shortname"',
      'Add it: the object on the mirror is named after it',
    )
  } else if (!shortnamePattern.test(shortname)) {
    report('unusable-shortname', shortnameAt, 'The "shortname" cannot be a part of a path on the mirror')
  }
  judgeFile('latest_url', latestUrl, image, report)
}

/** Reports versions of one image that share a value that only one of them can have. */
function judgeRepetitions(versions: readonly CheckedVersion[], report: ReportFinding): void {
  const tell = (rule: RuleName, key: string, of: (version: CheckedVersion) => Located | undefined) => {
    const pairs = repetitionsOf(
      versions.flatMap((version) => {
        const located = of(version)
        return located === undefined ? [] : [{ ...located, version }]
      }),
    )
    for (const [{ place }, second] of pairs) {
      report(rule, second.place, `"${key}" is the same as in line ${place.line ?? 1}`)
    }
    return new Set(pairs.map(([, { version }]) => version))
  }
  tell('repeated-version', 'version', ({ version }) => version)
  const sameUrl = tell('repeated-url', 'url', ({ url }) => url)
  tell('repeated-checksum', 'checksum', (version) => (sameUrl.has(version) ? undefined : version.checksum))
}

/** Each repetition together with the first of the same text. */
export function repetitionsOf<T extends { readonly text: string }>(all: readonly T[]): (readonly [T, T])[] {
  const firsts = new Map<string, T>()
  return all.flatMap((one) => {
    const first = firsts.get(one.text)
    if (first !== undefined) return [[first, one] as const]
    firsts.set(one.text, one)
    return []
  })
}

/** Reports what the schema accepts in one version although it cannot be meant. @param today `YYYY-MM-DD` */
function judgeVersion(
  version: CheckedVersion,
  image: CheckedImage,
  today: string,
  report: ReportFinding,
): void {
  const { url, mirrorUrl } = version
  if (url !== undefined) {
    judgeUrl('url', url, report)
    judgeFile('url', url, image, report)
    if (hasPlaceholder(url.text)) {
      report('placeholder-url', url.place, '"url" holds a placeholder, so nothing can be downloaded from it')
    } else if (version.checksum !== undefined && isMoving(url.text)) {
      report('moving-url', url.place, '"url" leads to the newest build, "checksum" is that of one build')
    }
    const packed = packedAs(url.text)
    if (packed !== undefined && mirrorUrl === undefined) {
      report('packed-url', url.place, `"url" is a ${packed} file, and there is no mirror_url`)
    }
  }
  if (mirrorUrl !== undefined) judgeMirror(mirrorUrl, version, image, report)
  judgeChecksum(version, report)
  judgeDates(version, today, report)
}

/** What can be wrong with any URL of a catalogue. */
function judgeUrl(key: string, { text, place }: Located, report: ReportFinding): void {
  if (hasUserinfo(text)) report('credentials-url', place, `"${key}" holds a user name or a password`)
  if (isInsecure(text)) {
    report('insecure-url', place, `"${key}" is asked without encryption: what comes back may be anybody's`)
  }
  if (/\s/.test(text)) report('unusable-url', place, `"${key}" holds a space or a line break`)
}

type Described = Pick<CheckedImage, 'format' | 'architecture'>

/** Does the name of the file fit the image? */
function judgeFile(
  key: string,
  { text, place }: Located,
  { format, architecture }: Described,
  report: ReportFinding,
): void {
  const named = formatNamed(text)
  if (named !== undefined && format !== undefined && named !== format.text) {
    report('format-mismatch', place, `"${key}" names a ${named} file, "format" is ${format.text}`)
  }
  const machine = architectureNamed(text)
  const isComparable = architecture !== undefined && /^(?:x86_64|aarch64)$/.test(architecture.text)
  if (machine !== undefined && isComparable && machine !== architecture.text) {
    report(
      'architecture-mismatch',
      place,
      `"${key}" names ${machine}, "architecture" is ${architecture.text}`,
    )
  }
}

function judgeMirror(
  mirrorUrl: Located,
  { version }: CheckedVersion,
  image: CheckedImage,
  report: ReportFinding,
): void {
  const { text, place } = mirrorUrl
  judgeUrl('mirror_url', mirrorUrl, report)
  if (hasPlaceholder(text)) {
    report('placeholder-url', place, '"mirror_url" holds a placeholder, so nothing can be there')
    return
  }
  const packed = packedAs(text)
  if (packed !== undefined) report('packed-object', place, `"mirror_url" is a ${packed} file`)
  judgeFile('mirror_url', mirrorUrl, image, report)
  const path = bare(pathOf(text).join('/'))
  const lacking = [
    ...(version !== undefined && !path.includes(bare(version.text)) ? [`version ${version.text}`] : []),
    ...(image.shortname !== undefined && !path.includes(bare(image.shortname))
      ? [`shortname ${image.shortname}`]
      : []),
  ]
  if (lacking.length > 0) {
    report('mirror-name', place, `"mirror_url" (${fileNameOf(text)}) does not name ${lacking.join(' and ')}`)
  }
}

function judgeChecksum({ checksum, hasChecksum, place }: CheckedVersion, report: ReportFinding): void {
  if (checksum === undefined) {
    if (!hasChecksum) report('missing-checksum', place, 'The version has no checksum')
    return
  }
  const digest = parseDigest(checksum.text)
  const isAccepted = ['md5', 'sha1', 'sha256', 'sha512'].includes(digest?.algorithm ?? '')
  if (digest === undefined || !isAccepted || checksum.text !== `${digest.algorithm}:${digest.hex}`) {
    report('malformed-checksum', checksum.place, `"checksum" is not ${describeDigest(checksum.text)}`)
  } else if (['md5', 'sha1'].includes(digest.algorithm)) {
    report(
      'weak-checksum',
      checksum.place,
      `Other bytes with the same ${digest.algorithm} digest can be made`,
    )
  }
}

function describeDigest(text: string): string {
  const algorithm = text.split(':')[0]?.toLowerCase()
  const digits = { md5: 32, sha1: 40, sha256: 64, sha512: 128 }[algorithm ?? '']
  if (digits === undefined) return 'a digest of sha256, sha512, sha1 or md5'
  return `${algorithm}: and ${digits} hexadecimal digits in lower case`
}

function judgeDates({ version, buildDate }: CheckedVersion, today: string, report: ReportFinding): void {
  const built = buildDate && dayOf(buildDate.text)
  if (buildDate === undefined || built === undefined) return
  const named = version && /^\d{8}(?!\d)/.test(version.text) ? dayOf(version.text) : undefined
  if (named !== undefined && named !== built) {
    report('date-mismatch', buildDate.place, `"build_date" is ${built}, "version" names ${named}`)
  }
  if (built > today) report('future-date', buildDate.place, `"build_date" ${built} is yet to come`)
}

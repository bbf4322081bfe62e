import { shortnamePattern } from '../catalog/parse.ts'
import type { CheckedImage, CheckedVersion, Located } from './image.ts'
import { judgeFile, judgeUrl, judgeVersion } from './judge-version.ts'
import { repetitionsOf } from './repetitions.ts'
import type { Report, RuleName } from './rules.ts'
import { hasPlaceholder, isBrokenPlaceholder } from './url.ts'

/** What the schema accepts in one image and yet cannot be meant. @param today `YYYY-MM-DD` */
export function judgeImage(image: CheckedImage, today: string, report: Report): void {
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
  report: Report,
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

/** Versions of one image that share what only one of them can have. */
function judgeRepetitions(versions: readonly CheckedVersion[], report: Report): void {
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

/** Which day a build is of, where its names can be anybody's and its signature is not. */
import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import type { FileSignature, Image } from '../image.ts'
import { shortened } from './names.ts'
import type { FoundBuild, ResolverContext } from './resolver.ts'
import { dayOf, findUrlStamp, isoDate, isoDay, stampsIn } from './stamp.ts'

const oneDay = 24 * 60 * 60 * 1000

/** Another time zone, or a clock that is a little fast. */
const skew = oneDay

/**
 * How much newer than its signature a build may claim to be: a distribution signs what it has built, so its names are as
 * old as the signature or older, but for time zones and clocks.
 */
const mostAhead = 3 * oneDay

/** @param date `YYYYMMDD` */
export function isFuture(date: string, now: Date): boolean {
  return Date.parse(isoDate(date)) > now.getTime() + skew
}

/**
 * Returns those of several builds that are not dated in the future. The others are passed over with a warning: one forged
 * name would otherwise hide every build until that day, and make it older than what the catalogue has.
 * @param textsOf what a build is known by: its name, what a pattern stands for in it, its version, its date
 * @throws UpdaterError DISCOVERY_DATE if there are no others
 */
export function withoutFuture<T>(
  builds: readonly T[],
  textsOf: (build: T) => readonly (string | undefined)[],
  source: string,
  { now, tell }: Pick<ResolverContext, 'now' | 'tell'>,
): readonly T[] {
  const futures = new Map<T, string>()
  for (const build of builds) {
    const text = textsOf(build).find((one = '') => stampsIn(one).some(({ date }) => isFuture(date, now)))
    if (text !== undefined) futures.set(build, text)
  }
  const [first] = futures.values()
  if (first === undefined) return builds
  if (futures.size === builds.length) throw inFuture(source, first, now)
  const others = futures.size > 1 ? ` and ${futures.size - 1} more` : ''
  tell({
    type: 'warning',
    message: `${redactUrl(source)} names ${shortened(first)}${others}, dated in the future, and is not believed in that: what is older is taken`,
  })
  return builds.filter((build) => !futures.has(build))
}

function inFuture(source: string, text: string, now: Date): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_DATE',
    `${redactUrl(source)} names ${shortened(text)}, a day that has not come: today is ${isoDay(now)}`,
    { remedy: 'Look at that server, and at the clock of this machine; nothing dated in the future is taken' },
  )
}

/** When the signature of a build was made; undefined if it has none that tells. */
export function signedAtOf({
  trust,
  signer,
  signature,
}: Pick<FoundBuild, 'trust' | 'signer'> & { readonly signature?: FileSignature | undefined }):
  | Date
  | undefined {
  return signature?.signer.signedAt ?? (trust === 'signed' ? signer?.signedAt : undefined)
}

/**
 * The day of a build, `YYYYMMDD`: the one that signed text tells, else the one that its names tell, as far as the
 * signature bears that out, else that of its signature.
 * @returns undefined if only the server's own word is left
 * @throws UpdaterError DISCOVERY_DATE if it claims to be of the future, or newer than its signature
 */
export function dateOfFound(
  found: FoundBuild & { readonly signature?: FileSignature | undefined },
  { name }: Pick<Image, 'name'>,
  now: Date,
): string | undefined {
  const { url, date, signedDate } = found
  const claimed = findUrlStamp(url)?.date ?? date
  for (const one of [claimed, date, signedDate]) {
    if (one !== undefined && isFuture(one, now)) throw inFuture(url, isoDate(one), now)
  }
  const signedAt = signedAtOf(found)
  if (signedAt === undefined) return claimed
  const bound = signedDate ?? dayOf(signedAt)
  if (claimed !== undefined && Date.parse(isoDate(claimed)) - Date.parse(isoDate(bound)) > mostAhead) {
    throw aheadOfSignature(name, url, claimed, signedDate, signedAt)
  }
  return signedDate ?? claimed ?? bound
}

function aheadOfSignature(
  name: string,
  url: string,
  claimed: string,
  signedDate: string | undefined,
  signedAt: Date,
): UpdaterError {
  const signed = signedDate === undefined ? `was made on ${isoDay(signedAt)}` : `says ${isoDate(signedDate)}`
  return new UpdaterError(
    'DISCOVERY_DATE',
    `The newest build of ${name} claims to be of ${isoDate(claimed)} (${redactUrl(url)}), but its signature ${signed}: it may be an old one under a new name`,
    { remedy: "Look at the distribution's server, or name another mirror; nothing was changed" },
  )
}

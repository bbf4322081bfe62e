import { asUpdaterError } from '../errors.ts'
import { statusOf } from '../http/failure.ts'
import type { VerifiedUrl } from '../report/schemas.ts'
import type { Beginning } from '../run/run.ts'
import { findPublic, type PublicObject } from '../stores/public.ts'

export type Asker = Pick<Beginning, 'http' | 'signal'>

export interface Answer extends VerifiedUrl {
  readonly found?: PublicObject | undefined
  /** Only with `private`: a URL that certainly does not exist gets the same answer. */
  readonly isHidden?: boolean | undefined
}

/** What a reader without credentials finds there. @throws the signal's reason once it is aborted */
export async function askUrl(url: string, asker: Asker): Promise<Answer> {
  const { http, signal } = asker
  try {
    const found = await findPublic(url, http, signal)
    if (!('turnedAway' in found)) return { url, status: 'ok', found }
    const { turnedAway } = found
    const message = `It answers ${turnedAway}`
    if (turnedAway === 404 || turnedAway === 410) return { url, status: 'missing', message }
    if (!(await isHidden(url, turnedAway, asker))) return { url, status: 'private', message }
    return { url, status: 'private', message: `${message}, as for whatever is not there`, isHidden: true }
  } catch (error) {
    signal.throwIfAborted()
    if (statusOf(error) === 409) {
      const message = 'It answers 409, as Swift does where the segments are private'
      return { url, status: 'private', message }
    }
    return { url, status: 'error', message: asUpdaterError(error).message }
  }
}

/** Many stores answer 403 for a missing object too, unless the reader may list the bucket. */
async function isHidden(url: string, status: number, { http, signal }: Asker): Promise<boolean> {
  const other = await findPublic(new URL('no-such-object', url).href, http, signal)
  return 'turnedAway' in other && other.turnedAway === status
}

/** The folder above that of a URL's file: a mirror, or a distribution's images. */
function baseOf(url: string): string {
  return new URL('..', new URL(url)).href
}

/**
 * Returns what the report says of an answer. It may mean private or missing: if everybody can read another object of
 * the same mirror, it is taken for missing.
 */
export function inLightOf(answers: readonly (Answer | undefined)[]): (answer: Answer) => VerifiedUrl {
  const readable = new Set(answers.flatMap((one) => (one?.found === undefined ? [] : [baseOf(one.url)])))
  return ({ url, status, message, isHidden }) => {
    const isMissing = isHidden === true && readable.has(baseOf(url))
    return { url, status: isMissing ? 'missing' : status, message }
  }
}

import { asUpdaterError, type ErrorCode, UpdaterError, type UpdaterErrorOptions } from '../errors.ts'
import { isRetriable } from '../http/policy.ts'

/** What a request was for and whom it asked: the beginning of every message. */
export interface Asked {
  /** E.g. `Creating the image "Debian 12"`. */
  readonly what: string
  /** The cloud's name. */
  readonly cloud: string
}

/** An `UpdaterError` that still knows what Glance answered. */
export class GlanceError extends UpdaterError {
  /** HTTP status. */
  readonly status: number

  constructor(code: ErrorCode, message: string, status: number, options: UpdaterErrorOptions = {}) {
    super(code, message, options)
    this.status = status
  }
}

interface Meaning {
  readonly code: ErrorCode
  /** What it is, in front of the cloud's own words. */
  readonly says?: string
  readonly remedy?: string
}

const meanings: Readonly<Record<number, Meaning>> = {
  401: {
    code: 'CLOUD_AUTH',
    says: 'Glance does not accept the login',
    remedy: 'Look at the login; Glance says the same if it cannot reach Keystone itself',
  },
  403: {
    code: 'CLOUD_DENIED',
    says: 'it is not allowed',
    remedy:
      'Give the user the role member in the project, and the right publicize_image if images are to be public',
  },
  404: { code: 'CLOUD_FAILED', says: 'it is not there' },
  409: {
    code: 'CLOUD_CONFLICT',
    remedy:
      'Look whether another run is at work, and whether the id was used before: that of a deleted image can never be used again',
  },
  411: {
    code: 'CLOUD_FAILED',
    says: 'it takes no data whose length is not known before, which that of a packed image is not',
    remedy:
      'Let the server before Glance take chunked requests, or import the image from its mirror with --import web-download',
  },
  413: {
    code: 'CLOUD_QUOTA',
    says: 'the quota of the project or the limit of an image is met',
    remedy: 'Have the quota raised, or delete old images: a rotation needs room for one more',
  },
  415: {
    code: 'CLOUD_MISMATCH',
    says: 'the image is not of the format that it was said to be',
  },
}

/** A record has too many of something: that is no quota of the project's. */
const recordLimit: Meaning = {
  code: 'CLOUD_FAILED',
  says: "a limit of the image's record is met",
  remedy:
    'Glance takes 128 properties, 128 tags and 128 members, unless its operator allows more: name fewer',
}

/** Returns the error that an answer which is no success stands for. @param text the beginning of its body */
export function failureOf({ what, cloud }: Asked, status: number, text: string): GlanceError {
  const told = messageOf(text)
  const isOfRecord = status === 413 && /allowed image (?:propert|tag|member)/.test(told)
  const meaning = isOfRecord ? recordLimit : (meanings[status] ?? otherMeaning(status))
  const words = told === '' ? `${status}` : `${status}: ${told}`
  const says = meaning.says === undefined ? 'Glance answered' : `${meaning.says}; Glance answered`
  return new GlanceError(meaning.code, `${what} in the cloud ${cloud} failed: ${says} ${words}`, status, {
    remedy: meaning.remedy,
  })
}

function otherMeaning(status: number): Meaning {
  return isRetriable(status)
    ? { code: 'CLOUD_FAILED', says: 'the cloud is in trouble', remedy: 'Run again later' }
    : { code: 'CLOUD_FAILED' }
}

/** The error of an answer that is a success and yet not what Glance answers. */
export function strangeAnswer({ what, cloud }: Asked, why: string): UpdaterError {
  return new UpdaterError('CLOUD_FAILED', `${what} in the cloud ${cloud}: ${why}`, {
    remedy: 'Check that the address of the Image API is the right one; nothing more was done with this image',
  })
}

/** The failure to ask Glance at all, or to read its answer to the end. What is not HTTP's stays as it is. */
export function unreachable({ what, cloud }: Asked, thrown: unknown): UpdaterError {
  const cause = asUpdaterError(thrown)
  if (!cause.code.startsWith('HTTP_')) return cause
  const code = cause.code === 'HTTP_TOO_LARGE' ? 'CLOUD_FAILED' : 'CLOUD_UNREACHABLE'
  const message = `${what} in the cloud ${cloud} failed: ${cause.message}`
  return new UpdaterError(code, message, { remedy: cause.remedy, cause })
}

/** Whether the request may have been carried out all the same: its answer is missing, or is that of a proxy. */
export function isDoubtful(error: unknown): boolean {
  if (error instanceof GlanceError) return error.status >= 500
  return error instanceof UpdaterError && error.code === 'CLOUD_UNREACHABLE'
}

const longest = 300

/**
 * What an answer says, in one line: Glance's `message`, or the text of a page. Nothing of it looks like a token.
 * Glance puts tags even into JSON.
 */
export function messageOf(body: string): string {
  const words = told(body)
    .replace(/<(style|script|title)\b.*?<\/\1>/gis, ' ')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&#x27;|&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\w+/=-]{40,}/g, '…')
  return words.length > longest ? `${words.slice(0, longest)}…` : words
}

function told(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    if (typeof message === 'string') return message
  } catch {
    // A page of Glance's or of a proxy.
  }
  return body
}

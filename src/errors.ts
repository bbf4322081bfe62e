/**
 * The closed set of error codes. A code is stable: reports, exit statuses and the troubleshooting
 * pages are built on it.
 */
export const errorCodes = [
  'USAGE',
  'CONFIGURATION',
  'CATALOG_NOT_FOUND',
  'CATALOG_UNREADABLE',
  'CATALOG_SYNTAX',
  'CATALOG_TYPE',
  'CATALOG_UNEDITABLE',
  'CATALOG_CHANGED',
  'CATALOG_LOCKED',
  'CATALOG_UNWRITABLE',
  'HTTP_URL',
  'HTTP_STATUS',
  'HTTP_NETWORK',
  'HTTP_TIMEOUT',
  'HTTP_REDIRECT',
  'HTTP_TOO_LARGE',
  'HTTP_TRUNCATED',
  'DISCOVERY_UNSUPPORTED',
  'DISCOVERY_NOTHING_FOUND',
  'DISCOVERY_LISTING',
  'DISCOVERY_NO_DATE',
  'DISCOVERY_DATE',
  'DISCOVERY_UNSAFE_NAME',
  'PATTERN_INVALID',
  'CHECKSUM_NOT_LISTED',
  'CHECKSUM_NOT_PUBLISHED',
  'CHECKSUM_AMBIGUOUS',
  'CHECKSUM_MALFORMED',
  'DOWNGRADE',
  'SIGNATURE_MISSING',
  'SIGNATURE_BAD',
  'SIGNATURE_KEY',
  'SIGNATURE_LOST',
  'DIGEST_MISMATCH',
  'DECOMPRESSION_FAILED',
  'DECOMPRESSION_UNSUPPORTED',
  'IMAGE_TOO_LARGE',
  'IMAGE_FORMAT',
  'IMAGE_UNSAFE',
  'STORE_CREDENTIALS',
  'STORE_BUCKET',
  'STORE_DENIED',
  'STORE_UNREACHABLE',
  'STORE_FAILED',
  'PUBLIC_UNREADABLE',
  'PUBLIC_MISMATCH',
  'CLOUD_CONFIGURATION',
  'CLOUD_AUTH',
  'CLOUD_DENIED',
  'CLOUD_UNREACHABLE',
  'CLOUD_QUOTA',
  'CLOUD_CONFLICT',
  'CLOUD_IMPORT',
  'CLOUD_MISMATCH',
  'CLOUD_GATE',
  'CLOUD_BRAKE',
  'CLOUD_FAILED',
  'HOOK_FAILED',
  'PROPOSAL_FAILED',
  'ABORTED',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** A place in a text file. `line` and `column` count from 1; `column` counts UTF-16 units. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

export interface UpdaterErrorOptions {
  /** Where in a catalogue or configuration file it happened. */
  readonly place?: Place
  /** What the reader can do about it: one sentence without a final full stop. */
  readonly remedy?: string | undefined
  readonly cause?: unknown
}

/**
 * Every failure that this program foresees. `message` is one sentence that says what happened and to
 * what; it never holds a secret, a control character or a stack.
 */
export class UpdaterError extends Error {
  readonly code: ErrorCode
  readonly place: Place | undefined
  readonly remedy: string | undefined

  constructor(code: ErrorCode, message: string, options: UpdaterErrorOptions = {}) {
    super(inShort(printable(message)), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'UpdaterError'
    this.code = code
    this.place = options.place
    this.remedy = options.remedy === undefined ? undefined : inShort(printable(options.remedy))
  }
}

/** Characters of a sentence that are shown of its beginning and of its end, where it quotes a text that is too long. */
const shown = { start: 800, end: 200 }

function inShort(sentence: string): string {
  if (sentence.length <= 2 * (shown.start + shown.end)) return sentence
  return `${sentence.slice(0, shown.start)}… (${sentence.length} characters) …${sentence.slice(-shown.end)}`
}

/** `file:line:column`, as editors and CI annotations understand it. */
export function formatPlace(place: Place): string {
  return [place.file, place.line, place.line === undefined ? undefined : place.column]
    .filter((part) => part !== undefined)
    .join(':')
}

/** The whole story in one line: `place: message. Remedy.` */
export function describeError(error: {
  readonly message: string
  readonly remedy?: string | undefined
  readonly place?: Place | undefined
}): string {
  const where = error.place === undefined ? '' : `${formatPlace(error.place)}: `
  const what = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`
  return `${where}${what}${error.remedy === undefined ? '' : ` ${error.remedy}.`}`
}

/** What helps where the system lets this process open no more files, or connections. */
export const outOfDescriptors =
  'Allow it more open files (ulimit -n, LimitNOFILE= of systemd), or do less at once with --jobs'

/** Turns anything that was thrown into one of ours; an abort becomes `ABORTED`, a surprise `INTERNAL`. */
export function asUpdaterError(thrown: unknown): UpdaterError {
  if (thrown instanceof UpdaterError) return thrown
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new UpdaterError('ABORTED', 'The run was aborted', { cause: thrown })
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const { code } = Object(thrown) as NodeJS.ErrnoException
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new UpdaterError('CONFIGURATION', `Too many files are open: ${text}`, {
      remedy: outOfDescriptors,
      cause: thrown,
    })
  }
  return new UpdaterError('INTERNAL', `Unexpected failure: ${text}`, {
    cause: thrown,
    remedy: 'This is a defect of image-updater: run again with --debug and report what it prints',
  })
}

/**
 * Makes text from outside (server answers, file names, YAML) safe for a terminal, for one log line, and for the log
 * of a CI job: control characters, line separators and bidirectional overrides become `\u{…}` escapes, and so does
 * the beginning of what a runner would obey (`::add-mask::` at the front of a line, `##[group]` and `##vso[` anywhere).
 */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|#(?=#[a-z]*\[)|(?<=^\s*):(?=:[a-z])/gi,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  )
}

import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { explainRefusal } from '../files.ts'
import { outliving } from '../http/abort.ts'
import type { Policy } from '../http/policy.ts'
import { assertOptions, cloudSecretVariables } from '../options.ts'
import { assertReport, formatDocument, parseReport, withExitStatus } from '../report/json.ts'
import { hasPublished } from '../report/publish.ts'
import type { CloudImageOutcome, CloudOutcome, RunReport } from '../report/schemas.ts'
import { runCommand } from '../run/command.ts'
import { forget, recall, remember } from '../state.ts'
import { sendWebhook, type WebhookOptions } from './webhook.ts'

/** Who is notified of a run that changed the catalogue. */
export interface HookOptions {
  /**
   * A command line for `sh -c`. It gets the JSON report on standard input and `IMAGE_UPDATER_*` variables
   * in its environment.
   */
  readonly onUpdate?: string | undefined
  readonly webhook?: WebhookOptions | undefined
  /** Milliseconds that each of them may take, with all its attempts. Default: 5 minutes. */
  readonly timeout?: number | undefined
  /** Where a change is remembered of which they have not been notified. Absent: nowhere, so they are tried once. */
  readonly memory?: HookMemory | undefined
}

export interface HookMemory {
  /** A folder of this machine. */
  readonly folder: string
  /** What tells this catalogue's changes from others': its folders and files. */
  readonly catalogue: readonly string[]
}

export interface HookContext {
  /** Gets each line that the command prints. */
  readonly onLine?: ((line: string) => void) | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
  /** Leaves each of them 5 seconds once it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Notifies of a run that changed the catalogue, or a cloud, even if it was interrupted after that. With a memory, a hook that
 * failed is tried again after each run until it has succeeded; it gets what it missed and what is new in one report. The
 * command and the webhook do not wait for each other.
 * @param exitStatus goes into the report
 * @returns the failures (HOOK_FAILED): they undo nothing
 */
export async function runHooks(
  report: RunReport,
  exitStatus: number,
  options: HookOptions,
  { onLine = () => {}, httpPolicy, signal }: HookContext = {},
): Promise<UpdaterError[]> {
  assertReport(report)
  assertOptions(options)
  const { onUpdate, webhook, timeout = 5 * 60_000, memory } = options
  if (report.dry_run) return []
  const notify = (name: string, send: (document: RunReport) => Promise<void>) =>
    notifyOnce(report, exitStatus, name, send, memory)
  const ending = new AbortController()
  const limit = ending.signal
  const timer = setTimeout(() => ending.abort(`was ended after ${timeout / 1000} s`), timeout)
  const stop = () => ending.abort('was ended with the program')
  if (signal !== undefined) outliving(signal, respite).addEventListener('abort', stop)
  const ended = await Promise.allSettled([
    onUpdate &&
      notify('command', (document) =>
        runCommand(onUpdate, {
          input: formatDocument(document),
          variables: variablesOf(document),
          limit,
          tell: onLine,
          failed,
        }),
      ),
    webhook && notify('webhook', (document) => sendWebhook(webhook, document, limit, httpPolicy)),
  ])
  clearTimeout(timer)
  return ended.flatMap((one) => (one.status === 'rejected' ? [asUpdaterError(one.reason)] : []))
}

/** What is to be told is remembered before, so that a run that is killed meanwhile does not lose it. */
async function notifyOnce(
  report: RunReport,
  exitStatus: number,
  name: string,
  send: (document: RunReport) => Promise<void>,
  memory: HookMemory | undefined,
): Promise<void> {
  if (memory === undefined) {
    if (!isNews(report)) return
    return withOutlook(
      send(withExitStatus(report, exitStatus)),
      'it is not tried again, for there is no folder to remember it in: name one with --state-dir',
    )
  }
  const { folder, catalogue } = memory
  const identity = JSON.stringify(catalogue.map((path) => resolve(path)).sort())
  const key = `${name}-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`
  const { missed, doubt } = await recallMissed(folder, key)
  const due = missed === undefined ? report : withMissed(report, missed)
  if (isNews(due)) {
    const document = withExitStatus(due, exitStatus)
    const why =
      doubt?.message ??
      (await remember(folder, key, document).then(
        () => undefined,
        (error: unknown) => `${folder} cannot be written: ${explainRefusal(error).why}`,
      ))
    await withOutlook(
      send(document),
      why === undefined
        ? 'it is tried again after the next run, whatever that changes'
        : `it is not tried again, for ${why}; name another folder with --state-dir`,
    )
  }
  if (doubt === undefined) return forget(folder, key).catch(() => {})
  throw new UpdaterError('HOOK_FAILED', `What the ${name} has missed is not known: ${doubt.message}`, doubt)
}

/** The report of which a hook has not been told; or why what is remembered does not count, and has to stay as it is. */
async function recallMissed(folder: string, key: string) {
  try {
    const remembered = await recall(folder, key)
    return { missed: remembered === undefined ? undefined : await parseReport(remembered) }
  } catch (error) {
    return { doubt: asUpdaterError(error) }
  }
}

/** Has the run changed anything? */
function isNews({ summary, clouds }: RunReport): boolean {
  return summary.updated > 0 || hasPublished(clouds)
}

/** Adds to the remedy of a failure what becomes of the hook. */
async function withOutlook(sent: Promise<void>, outlook: string): Promise<void> {
  try {
    await sent
  } catch (error) {
    const { code, message, remedy = 'Run with --debug', cause } = asUpdaterError(error)
    throw new UpdaterError(code, message, { remedy: `${remedy}; ${outlook}`, cause })
  }
}

/** The report of a run, with the changes of earlier ones of which nobody was notified. */
function withMissed(report: RunReport, { images, changes, clouds }: RunReport): RunReport {
  const keyOf = ({ file, name }: RunReport['images'][number]) => JSON.stringify([file, name])
  const missed = new Map(
    images.filter(({ status }) => status === 'updated').map((image) => [keyOf(image), image]),
  )
  // A failure does not take the place of a change: both are told.
  const now = report.images.filter(({ status }) => status !== 'failed')
  const isHere = new Set(now.map(keyOf))
  const all = [
    ...report.images.map((image) =>
      image.status === 'updated' || image.status === 'failed' ? image : (missed.get(keyOf(image)) ?? image),
    ),
    ...[...missed].flatMap(([key, image]) => (isHere.has(key) ? [] : [image])),
  ]
  const updated = all.filter(({ status }) => status === 'updated').length
  return {
    ...report,
    summary: { ...report.summary, updated },
    images: all,
    changes: [...changes, ...report.changes],
    ...((report.clouds ?? clouds) && { clouds: withMissedClouds(report.clouds ?? [], clouds ?? []) }),
  }
}

/** What was changed in a cloud stands there until it was told, as it does of the catalogue. */
function withMissedClouds(now: readonly CloudOutcome[], missed: readonly CloudOutcome[]): CloudOutcome[] {
  const isChange = ({ status }: CloudImageOutcome) => status === 'published' || status === 'changed'
  const names = [...new Set([...now, ...missed].map(({ cloud }) => cloud))]
  return names.map((cloud) => {
    const untold = missed.find((one) => one.cloud === cloud)?.images.filter(isChange) ?? []
    const outcome = now.find((one) => one.cloud === cloud) ?? { cloud, images: [], unnamed: [] }
    const missedOf = ({ file, name }: CloudImageOutcome) =>
      untold.find((one) => one.file === file && one.name === name)
    const kept = outcome.images.map((image) =>
      isChange(image) || image.status === 'failed' ? image : (missedOf(image) ?? image),
    )
    const gone = untold.filter((one) => !outcome.images.some((image) => missedOf(image) === one))
    return { ...outcome, images: [...kept, ...gone] }
  })
}

/** Milliseconds that hooks have once the run is aborted. */
const respite = 5_000

/** What a hook finds in its environment of the run. */
function variablesOf({ summary, changes, images }: RunReport): NodeJS.ProcessEnv {
  const updated = images.filter(({ status }) => status === 'updated')
  return {
    IMAGE_UPDATER_UPDATED: String(summary.updated),
    IMAGE_UPDATER_FAILED: String(summary.failed),
    IMAGE_UPDATER_FILES: linesOf([...new Set(changes.map(({ file }) => file))]),
    IMAGE_UPDATER_NAMES: linesOf(updated.map(({ name }) => name)),
    // Unlike a gate, which tries an image in the cloud, it needs no login.
    ...Object.fromEntries(cloudSecretVariables.map((name) => [name, undefined])),
  }
}

/** Bytes of a variable: Linux takes 128 KiB with its name (MAX_ARG_STRLEN, execve(2)). */
const roomInVariable = 127 * 1024

/**
 * Returns the entries, one a line, or undefined if they can't be told so: one that holds a line break would look like
 * two, and no variable holds NUL or more than the system takes. The JSON on standard input has them all.
 */
function linesOf(entries: readonly string[]): string | undefined {
  const lines = entries.join('\n')
  const isPlain = entries.every((entry) => !/[\0\r\n\u0085\u2028\u2029]/.test(entry))
  return isPlain && Buffer.byteLength(lines) <= roomInVariable ? lines : undefined
}

function failed(how: string, cause?: unknown): UpdaterError {
  return new UpdaterError('HOOK_FAILED', `The command of --on-update ${how}`, {
    remedy: 'Look at what it printed',
    cause,
  })
}

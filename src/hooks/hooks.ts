import { asUpdaterError, type UpdaterError } from '../errors.ts'
import type { Policy } from '../http/policy.ts'
import { withExitStatus } from '../report/json.ts'
import type { RunReport } from '../report/schemas.ts'
import { runCommand } from './command.ts'
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
}

export interface HookContext {
  /** Gets each line that the command prints. */
  readonly onLine?: ((line: string) => void) | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/**
 * Notifies of a run that changed the catalogue, even if it was interrupted after that, and of no other run. The
 * command and the webhook do not wait for each other.
 * @param exitStatus goes into the report
 * @returns the failures (HOOK_FAILED): they undo nothing
 */
export async function runHooks(
  report: RunReport,
  exitStatus: number,
  { onUpdate, webhook, timeout = 5 * 60_000 }: HookOptions,
  { onLine = () => {}, httpPolicy }: HookContext = {},
): Promise<UpdaterError[]> {
  if (report.summary.updated === 0) return []
  const document = withExitStatus(report, exitStatus)
  const ended = await Promise.allSettled([
    onUpdate === undefined ? undefined : runCommand(onUpdate, document, timeout, onLine),
    webhook === undefined ? undefined : sendWebhook(webhook, document, timeout, httpPolicy),
  ])
  return ended.flatMap((one) => (one.status === 'rejected' ? [asUpdaterError(one.reason)] : []))
}

import { asUpdaterError, type UpdaterError } from '../errors.ts'
import type { Policy } from '../http/policy.ts'
import type { RunReport } from '../report/schemas.ts'
import { defaultHookTimeout, type HookOptions, type WebhookOptions } from './options.ts'

export interface HookContext {
  /** Gets each line that the command prints. */
  readonly onLine?: ((line: string) => void) | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/**
 * Tells of a run that changed the catalogue, also of one that was interrupted after that; of any other run
 * nothing is told. The command and the webhook go their ways independently.
 * @param exitStatus what the report says of itself
 * @returns the failures (HOOK_FAILED): they undo nothing
 */
export async function runHooks(
  report: RunReport,
  exitStatus: number,
  { onUpdate, webhook, timeout = defaultHookTimeout }: HookOptions,
  { onLine = () => {}, httpPolicy }: HookContext = {},
): Promise<UpdaterError[]> {
  if (report.summary.updated === 0) return []
  const { withExitStatus } = await import('../report/json.ts')
  const document = withExitStatus(report, exitStatus)
  const run = async (command: string) => {
    const { runCommand } = await import('./command.ts')
    await runCommand(command, document, { timeout, tell: onLine })
  }
  const send = async (to: WebhookOptions) => {
    const { sendWebhook } = await import('./webhook.ts')
    await sendWebhook(to, document, { timeout, policy: httpPolicy })
  }
  const tasks = [
    ...(onUpdate === undefined ? [] : [run(onUpdate)]),
    ...(webhook === undefined ? [] : [send(webhook)]),
  ]
  const ended = await Promise.allSettled(tasks)
  return ended.flatMap((one) => (one.status === 'rejected' ? [asUpdaterError(one.reason)] : []))
}

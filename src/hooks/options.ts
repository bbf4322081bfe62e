/** What is told of a run that changed the catalogue, and to whom. */
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

export interface WebhookOptions {
  /** `http:` or `https:`. Only its origin is ever printed: a token may stand in the rest. */
  readonly url: string
  /** Signs what is sent. `whsec_` and base64, or any text of 16 characters or more; absent: unsigned. */
  readonly secret?: string | undefined
}

export const defaultHookTimeout = 5 * 60_000

import type { ChildProcess } from 'node:child_process'
import type { ErrorCode } from '../../src/errors.ts'
import type { Policy } from '../../src/http/policy.ts'
import type { CloudScene } from './cloud-scene.ts'

/** One named fault of a publish, and what must hold afterwards. */
export interface CloudRow {
  readonly fault: string
  readonly inject?: (scene: CloudScene) => void | Promise<void>
  /** Options of the command beside the usual ones, which they win over. */
  readonly args?: readonly string[]
  /** Numbers of the HTTP client that would make the fault last for minutes. */
  readonly policy?: Partial<Policy>
  /** What happens while the command runs. */
  readonly during?: (scene: CloudScene, child: ChildProcess) => Promise<void>
  readonly holds: CloudHolds
}

export interface CloudHolds {
  /** Exit status. */
  readonly status: 0 | 1 | 2 | 143
  /** All different codes of the JSON report. Default: none. */
  readonly error?: ErrorCode | readonly ErrorCode[]
  /** What users find by the image's name. */
  readonly image: 'old' | 'new' | 'none'
  /** The same of the other image, which is not there at first. Default: `new` with exit status 0 and 1, else `none`. */
  readonly other?: 'new' | 'none'
  /** Records that are not finished. Default: 0. */
  readonly left?: number
  /** In the log or the report. */
  readonly says?: RegExp
  /**
   * What the next run makes of it, three hours later and without the fault: both images are `new`, which is the default,
   * or all is as it is, since what is wrong lasts.
   */
  readonly next?: 'new' | 'same'
  /** More that must hold. */
  readonly more?: (scene: CloudScene) => void | Promise<void>
}

export interface CloudGroup {
  readonly name: string
  readonly rows: readonly CloudRow[]
}

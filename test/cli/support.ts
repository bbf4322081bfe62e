import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { CliContext, Output } from '../../src/cli/context.ts'
import { runProgram } from '../../src/cli/program.ts'
import { createSession } from '../../src/cli/session.ts'
import type { ImageRef, ImageStep, Listener } from '../../src/events.ts'
import * as library from '../../src/index.ts'
import type { ImageOutcome, RunReport } from '../../src/report/schemas.ts'
import { summarize } from '../../src/report/update.ts'
import type { UpdateOptions } from '../../src/run/options.ts'

/** An output that keeps what is written to it. */
export class Sink implements Output {
  text = ''
  readonly isTTY: boolean
  columns = 80
  rows = 24

  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    this.text += text
  }

  get lines(): string[] {
    return this.text.split('\n').filter((line) => line !== '')
  }
}

export type Run = (
  options: UpdateOptions,
  controls: { readonly signal: AbortSignal; readonly onEvent: Listener },
) => RunReport | Promise<RunReport>

export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
  /** What the use-case was called with, if it was. */
  readonly options: UpdateOptions | undefined
}

export interface Setting {
  readonly run?: Run
  /** Use-cases of the test's own beside the update. */
  readonly library?: Partial<typeof library>
  readonly columns?: number
  readonly terminal?: boolean
  readonly signal?: AbortSignal
}

/** The world around a command line, at a time that stands still. */
export function worldOf(stdout: Output, stderr: Output): CliContext {
  const { signal } = new AbortController()
  const now = () => new Date(2025, 4, 6, 7, 8, 9)
  const lost = new Promise<never>(() => {})
  return { stdout, stderr, signal, lost, now, onHangup: () => {}, library: async () => library }
}

/** One command line in this process, with a use-case of the test's own. */
export async function cli(args: readonly string[], setting: Setting = {}): Promise<Ran> {
  const { run = () => reportOf([]), terminal = false } = setting
  const stdout = new Sink(terminal)
  const stderr = new Sink(terminal)
  stdout.columns = setting.columns ?? 80
  let options: UpdateOptions | undefined
  const context: CliContext = {
    ...worldOf(stdout, stderr),
    ...(setting.signal && { signal: setting.signal }),
    library: async () => ({
      ...library,
      updateCatalogue: async (given = {}, controls = {}) => {
        options = given
        const { signal = new AbortController().signal, onEvent = () => {} } = controls
        return run(given, { signal, onEvent })
      },
      ...setting.library,
    }),
  }
  const status = await runProgram(createSession(args, context))
  return { status, out: stdout.text, err: stderr.text, options }
}

export function outcome(values: Partial<ImageOutcome> = {}): ImageOutcome {
  return {
    file: 'etc/images/alpha.yml',
    line: 3,
    name: 'Alpha 1',
    shortname: 'alpha-1',
    status: 'up-to-date',
    warnings: [],
    ...values,
  }
}

export function reportOf(images: readonly ImageOutcome[], values: Partial<RunReport> = {}): RunReport {
  return {
    schema_version: 1,
    started_at: '2025-05-06T07:08:09.000Z',
    seconds: 12.34,
    dry_run: false,
    summary: summarize(images),
    images,
    changes: [],
    errors: [],
    ...values,
  }
}

export function imageRef(ordinal: number, file = 'etc/images/alpha.yml'): ImageRef {
  return { ordinal, file, name: `Alpha ${ordinal}`, shortname: `alpha-${ordinal}` }
}

/** A run that says these steps of one image. */
export function saying(...steps: readonly ImageStep[]): Run {
  return (_options, { onEvent }) => {
    for (const step of steps) onEvent({ type: 'image', image: imageRef(0), step })
    return reportOf([])
  }
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'image-updater-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

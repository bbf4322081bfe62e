import type { Runs } from './runs.ts'

/** Prometheus text (version 0.0.4): the service itself, and its last run as `--metrics-file` has it. */
export function serviceMetrics(runs: Runs, nextRun: Date | undefined): string {
  const isActive = runs.current() !== undefined
  const due = Math.floor((nextRun?.getTime() ?? 0) / 1000)
  return [
    ...gauge('run_active', 'Whether a run goes on.', Number(isActive)),
    ...gauge('next_run_timestamp_seconds', 'When the next scheduled run begins; 0: none does.', due),
    runs.records.find(({ metrics }) => metrics !== undefined)?.metrics ?? '',
  ].join('')
}

function gauge(name: string, help: string, value: number): string[] {
  const full = `image_updater_${name}`
  return [`# HELP ${full} ${help}\n`, `# TYPE ${full} gauge\n`, `${full} ${value}\n`]
}

import type { Runs } from './runs.ts'

/** Prometheus text (version 0.0.4) of the service itself; the images' metrics are those of a run's report. */
export function serviceMetrics(runs: Runs, nextRun: Date | undefined): string {
  const current = runs.current()
  return [
    ...gauge('image_updater_run_active', 'Whether a run goes on.', current === undefined ? 0 : 1),
    ...gauge(
      'image_updater_next_run_timestamp_seconds',
      'When the next scheduled run begins; 0: none does.',
      Math.floor((nextRun?.getTime() ?? 0) / 1000),
    ),
  ].join('')
}

function gauge(name: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}\n`, `# TYPE ${name} gauge\n`, `${name} ${value}\n`]
}

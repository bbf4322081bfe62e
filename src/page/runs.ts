import { hasFailed, summarizeClouds } from '../report/publish.ts'
import { formatCount, formatDuration } from '../report/quantities.ts'
import type { RunReport } from '../report/schemas.ts'
import { showDay, showDays, type Tone } from './facts.ts'
import { type Html, html } from './html.ts'

/** What a service tells of its runs. */
export interface ServiceRuns {
  /** The moment that the page shows. */
  readonly now: Date
  /** Newest first. */
  readonly runs: readonly ShownRun[]
  /** When the next scheduled one begins; absent: none does. */
  readonly next?: Date | undefined
  /** Has any of them looked at the images? */
  readonly hasLooked: boolean
  /** Why the catalogue cannot be read now. */
  readonly unreadable?: string | undefined
}

/** One run of a service, past or under way. */
export interface ShownRun {
  readonly id: number
  readonly trigger: 'schedule' | 'request'
  readonly startedAt: Date
  /** Absent while it goes on. */
  readonly report?: Pick<RunReport, 'summary' | 'seconds' | 'dry_run' | 'errors' | 'clouds'> | undefined
  readonly hookErrors: readonly string[]
}

const runsShown = 5

/** `30 Nov 2026, 03:00 UTC` */
export function showMoment(moment: Date): Html {
  const time = moment.toISOString()
  return html`<time datetime="${time}">${showDay(moment.getTime())}, ${time.slice(11, 16)} UTC</time>`
}

/** When the next run begins, and what became of the last ones. */
export function renderRuns({ runs, next, now }: ServiceRuns): Html {
  const due =
    next === undefined
      ? html`No run is scheduled.`
      : html`The next run begins ${showMoment(next)} (${showWait(next.getTime() - now.getTime())}).`
  const items = runs.slice(0, runsShown).map((run) => {
    const { tone, text } = outcomeOf(run)
    return html`<li>${showMoment(run.startedAt)} <span><span class="fact ${tone}">Run ${run.id}${text}</span> <span class="quiet">· ${triggers[run.trigger]}</span></span></li>
`
  })
  return html`<section aria-labelledby="runs-title"><h2 id="runs-title">Runs</h2>
<p class="quiet">${due}</p>
<ol class="runs">
${items}</ol></section>`
}

/** `in 5 minutes`, `in 14 hours`, `in 6 days`. */
function showWait(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000))
  if (minutes < 90) return `in ${formatCount(minutes, 'minute')}`
  const hours = Math.round(minutes / 60)
  return `in ${hours < 48 ? formatCount(hours, 'hour') : showDays(Math.round(hours / 24))}`
}

const triggers = { schedule: 'on schedule', request: 'on request' } as const

function outcomeOf({ report, hookErrors }: ShownRun): { readonly tone: Tone; readonly text: string } {
  if (report === undefined) return { tone: 'quiet', text: ' goes on' }
  const { summary, seconds, dry_run, errors, clouds } = report
  if (errors.length > 0 && summary.checked === 0) return { tone: 'bad', text: ' was refused' }
  const { checked, updated, would_update, failed } = summary
  const changed = dry_run ? `${would_update} would be updated` : `${updated} updated`
  const hooks = hookErrors.length === 0 ? '' : `, ${formatCount(hookErrors.length, 'hook')} failed`
  const inClouds = clouds === undefined ? '' : `, ${summarizeClouds(clouds).failed} failed in clouds`
  const counts = `${checked} checked, ${changed}, ${failed} failed${inClouds}${hooks} in ${formatDuration(seconds)}`
  return { tone: failed > 0 || hasFailed(clouds) || hooks !== '' ? 'bad' : 'good', text: `: ${counts}` }
}

/** What is wrong with the service: a run that was refused or whose hooks failed, a catalogue that cannot be read. */
export function troublesOf({ runs, unreadable }: ServiceRuns): Html[] {
  const [newest] = runs.filter(({ report }) => report !== undefined)
  const refused = newest?.report?.errors.map(
    ({ message, remedy }) => html`${message}.${remedy && html` <span class="quiet">${remedy}.</span>`}`,
  )
  return [
    ...(unreadable === undefined
      ? []
      : [
          html`<li><b>The catalogue</b> cannot be read, what stood there before is shown: ${unreadable}.</li>\n`,
        ]),
    ...(refused ?? []).map(
      (why) =>
        html`<li><b>Run ${newest?.id}</b> ${newest?.report?.summary.checked === 0 ? 'was refused: ' : ''}${why}</li>\n`,
    ),
    ...(newest?.hookErrors ?? []).map((why) => html`<li><b>Run ${newest?.id}</b> ${why}.</li>\n`),
  ]
}

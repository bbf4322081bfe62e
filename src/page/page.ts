import { createHash } from 'node:crypto'
import { isoDay } from '../discovery/stamp.ts'
import { assertOptions } from '../options.ts'
import { assertReport } from '../report/json.ts'
import { formatCount, formatDuration } from '../report/quantities.ts'
import { tellOnce } from '../report/repeated.ts'
import type { CheckedImage, CheckReport } from '../report/schemas.ts'
import { renderCatalogue } from './catalogue.ts'
import { countOutOfOrder, renderClouds } from './clouds.ts'
import { builtOf, isEnding, isSkipped, isUnseen, showDay, showDistance, type Tone } from './facts.ts'
import { type Html, html } from './html.ts'
import { renderRuns, type ServiceRuns, showMoment, troublesOf } from './runs.ts'
import { liveScript, script } from './script.ts'
import { style } from './style.ts'
import { renderTimeline } from './timeline.ts'

export interface PageOptions {
  /** The page follows the runs of a service by its `api/v1/events`, and is loaded again after each. Default: false. */
  readonly live?: boolean | undefined
  /** Its runs are shown, and the report is what the last one made of the catalogue. */
  readonly service?: ServiceRuns | undefined
}

/**
 * A check as one page that needs nothing else: no request goes out (with `live`: none but to the service), and
 * its content security policy sees to that. Everything from outside is escaped.
 */
export function renderPage(report: CheckReport, options: PageOptions = {}): string {
  assertReport(report)
  assertOptions(options)
  const { live = false, service } = options
  const { started_at, images } = report
  const now = service?.now.getTime() ?? Date.parse(started_at)
  const body = html`<header><h1>Image catalogue</h1>
<p class="quiet">${told(report, service)}</p>${live && html`<p id="live" role="status"></p>`}
${renderFigures(report, now)}</header>
<main>
${renderTroubles(report, service)}
${service && renderRuns(service)}
${renderClouds(report.clouds, service === undefined)}
${renderCatalogue(images, now)}
${renderTimeline(images, now)}
${renderChanges(images, now)}
</main>
<footer class="quiet"><p>Signed: the signature of the distribution's checksum file was verified. Checksum: what the distribution publishes is compared. First use: the distribution publishes none. Made by image-updater.</p></footer>`
  return page(body, live)
}

function told({ images, seconds, started_at }: CheckReport, service: ServiceRuns | undefined): Html {
  const files = new Set(images.map(({ file }) => file)).size
  const size = html`${formatCount(images.length, 'image')} in ${formatCount(files, 'file')}`
  if (service?.hasLooked === false) return html`No run has looked for newer builds yet · ${size}`
  const what = service === undefined ? 'Checked' : 'Looked for newer builds'
  return html`${what} ${showMoment(new Date(started_at))} · ${size} · took ${formatDuration(seconds)}`
}

function renderFigures({ summary, images, clouds }: CheckReport, now: number): Html {
  const ending = images.filter((image) => isEnding(image, now)).length
  const unseen = images.filter(isUnseen).length
  const figures: readonly (readonly [number, string, Tone])[] = [
    [summary.up_to_date, 'current', 'good'],
    [summary.outdated, 'outdated', 'warn'],
    ...(summary.unknown === 0 ? [] : [[summary.unknown, 'unknown', 'warn'] as const]),
    [summary.failed, 'failed', 'bad'],
    [summary.not_mirrored, 'not on the mirror', 'bad'],
    [ending, 'near or past end of life', 'warn'],
    ...(clouds === undefined ? [] : [[countOutOfOrder(clouds), 'to be done in a cloud', 'warn'] as const]),
    [summary.skipped - unseen, 'skipped', 'quiet'],
    ...(unseen === 0 ? [] : [[unseen, 'not looked for yet', 'warn'] as const]),
  ]
  const items = figures.map(
    ([count, text, tone]) =>
      html`<li class="${count === 0 ? 'quiet' : tone}"><b>${count}</b> <span>${text}</span></li>`,
  )
  return html`<ul class="figures" aria-label="Summary">${items}</ul>`
}

/** The failures, each with its remedy, and the warnings. */
function renderTroubles({ images }: CheckReport, service: ServiceRuns | undefined): Html | undefined {
  const ofImages = tellOnce(images).flatMap(({ name, error, warnings }) => {
    const remedy = error?.remedy && html` <span class="quiet">${error.remedy}.</span>`
    return [
      ...(error === undefined ? [] : [html`<li><b>${name}</b> ${error.message}.${remedy}</li>\n`]),
      ...warnings.map((text) => html`<li><b>${name}</b> ${text}.</li>\n`),
    ]
  })
  const items = [...(service === undefined ? [] : troublesOf(service)), ...ofImages]
  if (items.length === 0) return undefined
  return html`<section aria-labelledby="troubles-title"><h2 id="troubles-title">To look at</h2>
<ul class="troubles">
${items}</ul></section>`
}

const changesShown = 8

/** The builds that the catalogue got last. */
function renderChanges(images: readonly CheckedImage[], now: number): Html | undefined {
  const dated = images.flatMap((image) => {
    const built = builtOf(image)
    return built === undefined || isSkipped(image) ? [] : [{ image, built }]
  })
  const latest = dated.sort((a, b) => b.built - a.built).slice(0, changesShown)
  if (latest.length === 0) return undefined
  const items = latest.map(({ image: { name, versions }, built }) => {
    const [current, previous] = versions
    const before = previous?.version === undefined ? '' : `${previous.version} → `
    return html`<li><time datetime="${isoDay(new Date(built))}">${showDay(built)}</time> <span><b>${name}</b> <span class="quiet">${before}${current?.version} · ${showDistance(now, built)}</span></span></li>
`
  })
  return html`<section aria-labelledby="changes-title"><h2 id="changes-title">Latest builds in the catalogue</h2>
<ol class="changes">
${items}</ol></section>`
}

const icon =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22%3E%3Ccircle cx=%228%22 cy=%228%22 r=%226%22 fill=%22none%22 stroke=%22%23378%22 stroke-width=%223%22/%3E%3C/svg%3E'

const codeOf = (live: boolean) => (live ? `${script}${liveScript}` : script)

/** The content security policy of the page: it allows the styles and the scripts that stand in it, and no others. */
export function pagePolicy({ live = false }: PageOptions = {}): string {
  return [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(codeOf(live))}`,
    'img-src data:',
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function page(body: Html, live: boolean): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy({ live })}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="${icon}">
<title>Image catalogue</title>
<style>${style}</style></head>
<body>
${body.markup}
<script>${codeOf(live)}</script>
</body></html>
`
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

import { isNotMirrored } from '../report/check.ts'
import type { CheckedImage, CheckReport } from '../report/schemas.ts'
import { isoDay, nearness, showDay, showDistance } from './days.ts'
import { builtOf, endOfLifeOf, type Tone } from './facts.ts'
import { type Html, html } from './html.ts'

/** The figures at the top. */
export function renderFigures({ summary, images }: CheckReport, now: number): Html {
  const ending = images.filter((image) => isEnding(image, now)).length
  const figures: readonly (readonly [number, string, Tone])[] = [
    [summary.up_to_date, 'current', 'good'],
    [summary.outdated, 'outdated', 'warn'],
    [summary.failed, 'failed', 'bad'],
    [summary.not_mirrored, 'not on the mirror', 'bad'],
    [ending, 'near or past end of life', 'warn'],
    [summary.skipped, 'skipped', 'quiet'],
  ]
  const items = figures.map(
    ([count, text, tone]) =>
      html`<li class="${count === 0 ? 'quiet' : tone}"><b>${count}</b> <span>${text}</span></li>`,
  )
  return html`<ul class="figures" aria-label="Summary">${items}</ul>`
}

function isEnding(image: CheckedImage, now: number): boolean {
  const end = endOfLifeOf(image)
  return image.status !== 'skipped' && end !== undefined && nearness(end, now) !== 'far'
}

/** What somebody has to look at, and what to do about it. */
export function renderTroubles({ images }: CheckReport): Html {
  const items = images.flatMap((image) => {
    const { name, error, warnings } = image
    const remedy = error?.remedy === undefined ? html`` : html` <span class="quiet">${error.remedy}.</span>`
    const failure = error && html`<li><b>${name}</b> ${error.message}.${remedy}</li>\n`
    const told = isNotMirrored(image) ? warnings.map((text) => html`<li><b>${name}</b> ${text}.</li>\n`) : []
    return [...(failure === undefined ? [] : [failure]), ...told]
  })
  if (items.length === 0) return html``
  return html`<section aria-labelledby="troubles-title"><h2 id="troubles-title">To look at</h2>
<ul class="troubles">
${items}</ul></section>`
}

const changesShown = 8

/** The builds that the catalogue got last. */
export function renderChanges(images: readonly CheckedImage[], now: number): Html {
  const dated = images.flatMap((image) => {
    const built = builtOf(image)
    return built === undefined || image.status === 'skipped' ? [] : [{ image, built }]
  })
  const latest = dated.sort((a, b) => b.built - a.built).slice(0, changesShown)
  if (latest.length === 0) return html``
  const items = latest.map(({ image: { name, versions }, built }) => {
    const [current, previous] = versions
    const before = previous?.version === undefined ? '' : `${previous.version} → `
    return html`<li><time datetime="${isoDay(built)}">${showDay(built)}</time> <span><b>${name}</b> <span class="quiet">${before}${current?.version} · ${showDistance(now, built)}</span></span></li>
`
  })
  return html`<section aria-labelledby="changes-title"><h2 id="changes-title">Latest builds in the catalogue</h2>
<ol class="changes">
${items}</ol></section>`
}

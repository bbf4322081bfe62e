import { formatCloudCounts, isOutOfOrder, isTold, linesOf, unnamedText } from '../report/publish.ts'
import type { CloudImageOutcome, CloudOutcome } from '../report/schemas.ts'
import { createPaint } from '../report/terminal.ts'
import type { Tone } from './facts.ts'
import { type Html, html } from './html.ts'

/**
 * How each cloud stands to the catalogue: counts, and the images of which there is something to tell.
 * @param isCheck nothing was done there
 */
export function renderClouds(clouds: readonly CloudOutcome[] = [], isCheck: boolean): Html | undefined {
  if (clouds.length === 0) return undefined
  return html`<section aria-labelledby="clouds-title"><h2 id="clouds-title">Clouds</h2>
${clouds.map((one) => renderCloud(one, isCheck))}</section>`
}

/** Images of all clouds that are not as the catalogue says. */
export function countOutOfOrder(clouds: readonly CloudOutcome[]): number {
  return clouds.reduce((sum, { images }) => sum + images.filter(isOutOfOrder).length, 0)
}

function renderCloud(outcome: CloudOutcome, isCheck: boolean): Html {
  const { cloud, project, images, unnamed, warnings = [], error } = outcome
  const isPlan = isCheck || images.some(({ status }) => status.startsWith('would-'))
  const counts = formatCloudCounts({ clouds: [outcome], dry_run: isPlan }, createPaint(false))
  const isAsked = error === undefined || images.length > 0
  const where = project === undefined ? '' : `project ${project} · `
  const notes = [
    ...(error === undefined ? [] : [{ tone: 'bad', text: error.message, more: error.remedy } as const]),
    ...warnings.map((text) => ({ tone: 'warn', text, more: undefined }) as const),
    ...unnamed.map((image) => ({ tone: 'quiet', text: unnamedText(image), more: undefined }) as const),
  ]
  const lines = notes.map(
    ({ tone, text, more }) =>
      html`<li><span class="fact ${tone}">${text}.</span>${more && html` <span class="quiet">${more}.</span>`}</li>\n`,
  )
  return html`<h3>${cloud}</h3>
${isAsked && html`<p class="quiet">${where}${counts}</p>`}
<ul class="runs">
${images.filter(isTold).map(renderImage)}</ul>
<ul>
${lines}</ul>
`
}

function renderImage(image: CloudImageOutcome): Html {
  const { name, status, error, warnings } = image
  const text = `${status[0]?.toUpperCase()}${status.slice(1).replaceAll('-', ' ')}`
  const lines = [...linesOf(image), ...warnings, ...(error === undefined ? [] : [error.message])]
  return html`<li><b>${name}</b> <span><span class="fact ${toneOf(image)}">${text}</span>${lines.map((line) => html`<small>${line}</small>`)}</span></li>
`
}

function toneOf(image: CloudImageOutcome): Tone {
  if (image.status === 'failed') return 'bad'
  if (isOutOfOrder(image)) return 'warn'
  return image.status === 'pending' || image.status === 'skipped' ? 'quiet' : 'good'
}

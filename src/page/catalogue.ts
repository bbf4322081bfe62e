import { isoDay } from '../discovery/stamp.ts'
import { checkTitles, isNotMirrored, shownVersion } from '../report/check.ts'
import type { CheckedImage, MirrorState } from '../report/schemas.ts'
import {
  builtOf,
  endOfLifeOf,
  type Fact,
  freshness,
  isEnding,
  isSkipped,
  isUnseen,
  nearness,
  showDay,
  showDays,
  showDistance,
} from './facts.ts'
import { type Html, html, link } from './html.ts'

const mirrorFacts: Readonly<Record<MirrorState['status'], Fact>> = {
  present: { tone: 'good', text: 'Present' },
  missing: { tone: 'bad', text: 'Missing' },
  'other-bytes': { tone: 'bad', text: 'Other image' },
  unknown: { tone: 'warn', text: 'No answer' },
  unasked: { tone: 'quiet', text: 'Not asked' },
  none: { tone: 'quiet', text: 'None' },
}

const trustFacts: Readonly<Record<NonNullable<CheckedImage['trust']>, Fact>> = {
  signed: { tone: 'good', text: 'Signed' },
  checksum: { tone: 'quiet', text: 'Checksum' },
  'first-use': { tone: 'quiet', text: 'First use' },
}

/** The choices of the table's filter. */
const filters: Readonly<
  Record<string, { readonly text: string; is(image: CheckedImage, now: number): boolean }>
> = {
  outdated: { text: 'Outdated', is: ({ status }) => status === 'outdated' },
  unknown: { text: 'Unknown', is: ({ status }) => status === 'unknown' },
  failed: { text: 'Failed', is: ({ status }) => status === 'failed' },
  mirror: { text: 'Not on the mirror', is: isNotMirrored },
  ending: { text: 'End of life near or past', is: isEnding },
  skipped: { text: 'Skipped', is: isSkipped },
  unseen: { text: 'Not looked for yet', is: isUnseen },
}

/**
 * The catalogue as a table. Its cells are sorted by their `data-value`; the script adds the search.
 * Roles are spelled out, since on a narrow screen the table is laid out as cards.
 */
export function renderCatalogue(images: readonly CheckedImage[], now: number): Html {
  const options = Object.entries(filters)
    .filter(([key, { is }]) => key !== 'unseen' || images.some((image) => is(image, now)))
    .map(([key, { text }]) => html`<option value="${key}">${text}</option>`)
  return html`<section aria-labelledby="catalogue-title">
<div class="bar"><h2 id="catalogue-title">Catalogue</h2>
<form id="find" role="search" hidden>
<label><span>Search</span> <input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="name, version, file"></label>
<label><span>Show</span> <select id="filter"><option value="">All images</option>${options}</select></label>
<output id="found" for="search filter"></output>
</form></div>
<table id="images" role="table" aria-labelledby="catalogue-title">
<thead role="rowgroup"><tr role="row">${checkTitles.map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">
${images.map((image) => row(image, now))}</tbody></table>
<p id="nothing" class="quiet" hidden>No image is like that.</p>
</section>`
}

function row(image: CheckedImage, now: number): Html {
  const { name, shortname, file, line, architecture, mirror } = image
  const current = shownVersion(image)
  const built = builtOf(image)
  const end = endOfLifeOf(image)
  const fresh = freshness(image)
  const mirrored = mirrorFacts[mirror.status]
  const trust = image.trust === undefined ? unknown : trustFacts[image.trust]
  const is = Object.keys(filters).filter((key) => filters[key]?.is(image, now))
  const about = [shortname, architecture, `${file.slice(file.lastIndexOf('/') + 1)}:${line}`]
  const version = link(current?.url, html`${current?.version ?? '–'}`)
  const age = image.age_days === undefined ? '–' : showDays(image.age_days)
  const cells = [
    cell(1, current?.version, html`${version}${note(built === undefined ? '' : showDay(built))}`),
    cell(2, order.indexOf(fresh.tone), show(fresh)),
    cell(3, image.age_days, html`${age}`),
    cell(4, mirrored.text, link(mirror.url, show(mirrored))),
    cell(5, trust.text, show(trust)),
    cell(6, end === undefined ? undefined : isoDay(new Date(end)), showEnd(end, now)),
  ]
  return html`<tr role="row" data-is="${is.join(' ')}" data-status="${image.status}">
<th scope="row" role="rowheader" data-value="${name}"><b>${name}</b>${note(about.filter((part) => part !== undefined).join(' · '))}</th>
${cells}</tr>
`
}

const unknown: Fact = { tone: 'quiet', text: '–' }
const order = ['bad', 'warn', 'good', 'quiet']

function cell(column: number, value: string | number | undefined, content: Html): Html {
  return html`<td role="cell" data-label="${checkTitles[column]}" data-value="${value}">${content}</td>`
}

function showEnd(end: number | undefined, now: number): Html {
  if (end === undefined) return html`<span class="quiet">–</span>`
  const tones = { past: 'bad', soon: 'warn', far: 'plain' } as const
  return html`<span class="${tones[nearness(end, now)]}">${showDay(end)}</span>${note(showDistance(now, end))}`
}

function show({ tone, text, note: more }: Fact): Html {
  if (text === '–') return html`<span class="quiet">–</span>`
  return html`<span class="fact ${tone}">${text}</span>${note(more)}`
}

function note(text = ''): Html | undefined {
  return text === '' ? undefined : html`<small>${text}</small>`
}

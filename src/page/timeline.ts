import { buildDay } from '../report/check.ts'
import type { CheckedImage } from '../report/schemas.ts'
import {
  builtOf,
  endOfLifeOf,
  freshness,
  isSkipped,
  nearness,
  showDay,
  showDays,
  showDistance,
} from './facts.ts'
import { type Html, html } from './html.ts'

const yearMs = 365.25 * 24 * 60 * 60 * 1000
/** The most years before and after today that are drawn; longer lines end at the edge. */
const reach = { back: 3, ahead: 6 }

/** Returns the position of a moment (milliseconds UTC) between the edges, in percent of the width. */
type Scale = ((moment: number) => number) & { readonly from: number; readonly to: number }

/** From the oldest build, and to the last end of life, that are near enough to be drawn. */
export function scaleOf(moments: readonly number[], now: number): Scale {
  const from = Math.max(Math.min(now - yearMs / 2, ...moments), now - reach.back * yearMs)
  const to = Math.min(Math.max(now + yearMs / 2, ...moments), now + reach.ahead * yearMs)
  const margin = (to - from) * 0.02
  const edges = { from: from - margin, to: to + margin }
  const scale = (moment: number) => {
    const share = (moment - edges.from) / (edges.to - edges.from)
    return Math.round(Math.min(1, Math.max(0, share)) * 10_000) / 100
  }
  return Object.assign(scale, edges)
}

/** How old each image is, and when its release ends: a row for each, on one scale of years. */
export function renderTimeline(images: readonly CheckedImage[], now: number): Html | undefined {
  const drawn = images.filter((image) => builtOf(image) !== undefined && !isSkipped(image))
  if (drawn.length === 0) return undefined
  const moments = drawn.flatMap((image) => [builtOf(image) ?? [], endOfLifeOf(image) ?? []].flat())
  const scale = scaleOf(moments, now)
  return html`<section aria-labelledby="timeline-title">
<h2 id="timeline-title">Ages and ends of life</h2>
<p class="legend quiet" aria-hidden="true"><span class="key age"></span>since the build in the catalogue <span class="key newest"></span>newest build <span class="key life"></span>supported <span class="key end"></span>end of life</p>
<div class="timeline">
<div class="line axis" aria-hidden="true"><span></span><svg>${years(scale)}<line class="now" x1="${scale(now)}%" x2="${scale(now)}%" y1="33" y2="100%"/><text class="now" x="${scale(now)}%" y="12" text-anchor="middle">today</text></svg></div>
<ul>
${drawn.map((image) => line(image, scale, now))}</ul></div></section>`
}

function years(scale: Scale): Html[] {
  const first = new Date(scale.from).getUTCFullYear() + 1
  const last = new Date(scale.to).getUTCFullYear()
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const x = scale(Date.UTC(first + index, 0, 1))
    return html`<line x1="${x}%" x2="${x}%" y1="33" y2="100%"/><text x="${x}%" y="30" text-anchor="middle">${first + index}</text>`
  })
}

function line(image: CheckedImage, scale: Scale, now: number): Html {
  const built = builtOf(image) ?? now
  const newest = image.newest && buildDay(image.newest)
  const end = endOfLifeOf(image)
  const { tone } = freshness(image)
  const today = scale(now)
  const marks = [
    html`<line class="guide" x1="${today}%" x2="${today}%" y1="0" y2="100%"/>`,
    end !== undefined &&
      html`<line class="life ${nearness(end, now)}" x1="${today}%" x2="${scale(end)}%" y1="12" y2="12"/>`,
    html`<line class="age ${tone}" x1="${scale(built)}%" x2="${today}%" y1="12" y2="12"/>`,
    html`<circle class="age ${tone}" cx="${scale(built)}%" cy="12" r="4"/>`,
    image.status === 'outdated' &&
      newest !== undefined &&
      html`<circle class="newest" cx="${scale(newest)}%" cy="12" r="4"/>`,
    end !== undefined &&
      html`<svg x="${scale(end)}%" y="12" overflow="visible"><path class="end ${nearness(end, now)}" d="M0-5.5 5.5 0 0 5.5-5.5 0Z"/></svg>`,
  ].filter((mark) => mark !== false)
  return html`<li class="line"><span>${image.name}</span><svg role="img" aria-label="${describe(image, built, end, now)}">${marks}</svg></li>
`
}

function describe(image: CheckedImage, built: number, end: number | undefined, now: number): string {
  const age = image.age_days === undefined ? '' : ` (${showDays(image.age_days)} old)`
  const behind =
    image.status === 'outdated' && image.days_behind !== undefined
      ? `, newest build ${showDays(image.days_behind)} later`
      : ''
  const life = end === undefined ? '' : `, end of life ${showDay(end)} (${showDistance(now, end)})`
  return `Built ${showDay(built)}${age}${behind}${life}`
}

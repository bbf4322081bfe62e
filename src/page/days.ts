const dayMs = 24 * 60 * 60 * 1000

const date = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})

/** `5 Jul 2026` of milliseconds UTC. */
export function showDay(day: number): string {
  return date.format(day)
}

/** `2026-07-05`. */
export function isoDay(day: number): string {
  return new Date(day).toISOString().slice(0, 10)
}

/** `1 day`, `89 days`, `14 months`, `6 years`. */
export function showDays(days: number): string {
  if (days < 90) return count(days, 'day')
  return days < 1000 ? count(Math.round(days / 30.44), 'month') : count(Math.round(days / 365.25), 'year')
}

/** `in 14 months`, `today`, `3 months ago`. */
export function showDistance(from: number, to: number): string {
  const days = Math.round((to - from) / dayMs)
  if (days === 0) return 'today'
  return days > 0 ? `in ${showDays(days)}` : `${showDays(-days)} ago`
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}

/** How near the end of life is: `past`, `soon` within 180 days. */
export function nearness(endOfLife: number, now: number): 'past' | 'soon' | 'far' {
  if (endOfLife <= now) return 'past'
  return endOfLife - now <= 180 * dayMs ? 'soon' : 'far'
}

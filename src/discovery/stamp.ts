import { compareNatural } from '../natural-order.ts'

/** When a build was made, as its distribution writes it into names. */
export interface Stamp {
  /** `YYYYMMDD`. */
  readonly date: string
  /** Digits: which build of that day, or the distribution's running number. */
  readonly serial?: string | undefined
}

/** `YYYYMMDD`, the same with `-`, `.` or `_` between, or `YYYYMMDDHHMMSS`; then `.N`, `-N` or `THHMMSSZ`. */
const stampForm =
  /(?<!\d)(?:(20\d{6})(\d{6})?|(20\d\d)([-._])(\d\d)\4(\d\d))(?!\d)(?:[.-](\d+)(?![0-9A-Za-z])|T(\d{6})Z)?/g

/**
 * The build stamps in the name of a file or folder, and where they begin: `YYYYMMDD`, also `YYYY-MM-DD`, with `.` or `_`
 * between, or with the time behind it, optional `.N`, `-N` or `THHMMSSZ`, not part of a longer run of digits, a day of
 * the calendar from 2000 to 2099.
 */
export function stampsIn(name: string): (Stamp & { readonly index: number })[] {
  return [...name.matchAll(stampForm)].flatMap((match) => {
    const [, joined, clock, year, , month, day, number, time] = match
    const date = joined ?? `${year}${month}${day}`
    return isCalendarDate(date) ? { date, serial: clock ?? number ?? time, index: match.index } : []
  })
}

/** The last build stamp in the name of a file or folder. */
export function findStamp(name: string): Stamp | undefined {
  const { date, serial } = stampsIn(name).at(-1) ?? {}
  if (date === undefined) return undefined
  return serial === undefined ? { date } : { date, serial }
}

/** The name with a space in place of each stamp. */
export function withoutStamps(name: string): string {
  return name.replace(stampForm, (text) => (findStamp(text) === undefined ? text : ' '))
}

/** The stamp of a build's URL: that of the file's name, else that of the folder that it is in. */
export function findUrlStamp(url: string): Stamp | undefined {
  const [folder, file] = url
    .replace(/[?#].*$/s, '')
    .split('/')
    .slice(-2)
  return findStamp(file ?? '') ?? findStamp(folder ?? '')
}

/** By date, then by serial as a number; no serial comes before the first one. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return compareNatural(a.date, b.date) || compareNatural(a.serial ?? '', b.serial ?? '')
}

/** Does a text of eight digits name a day that exists? */
function isCalendarDate(date: string): boolean {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].map(Number)
  const moment = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day))
  return dayOf(moment) === date
}

/** The day in UTC, as `YYYYMMDD`. */
export function dayOf(moment: Date): string {
  return isoDay(moment).replaceAll('-', '')
}

/** The day in UTC, as `YYYY-MM-DD`. */
export function isoDay(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

/** `20260124` → `2026-01-24`. */
export function isoDate(date: string): string {
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`
}

import { compareNatural } from './natural-order.ts'

/** When a build was made, as its distribution writes it into names. */
export interface Stamp {
  /** `YYYYMMDD`. */
  readonly date: string
  /** Digits: which build of that day, or the distribution's running number. */
  readonly serial?: string | undefined
}

/**
 * The last build stamp in the name of a file or folder: `YYYYMMDD`, optional `.N`, `-N` or `THHMMSSZ`, not
 * part of a longer run of digits, a day of the calendar from 2000 to 2099.
 */
export function findStamp(name: string): Stamp | undefined {
  const stamps = name.matchAll(/(?<!\d)(20\d{6})(?!\d)(?:[.-](\d+)(?![0-9A-Za-z])|T(\d{6})Z)?/g)
  return [...stamps]
    .map(([, date = '', number, time]) => ({ date, serial: number ?? time }))
    .map(({ date, serial }) => (serial === undefined ? { date } : { date, serial }))
    .filter((stamp) => isCalendarDate(stamp.date))
    .at(-1)
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
  return dateOf(moment) === date
}

/** The day in UTC, as `YYYYMMDD`. */
export function dateOf(moment: Date): string {
  return moment.toISOString().slice(0, 10).replaceAll('-', '')
}

/** `20260124` → `2026-01-24`. */
export function dateOfVersion(version: string): string {
  return `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6, 8)}`
}

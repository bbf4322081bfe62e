const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Bytes for people: `0 B`, `999 B`, `1.0 KiB`, `592.9 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** A part and the whole in the unit of the whole: `0.8 of 2.1 GiB`. @param isLeast the whole may turn out larger */
export function formatShare(part: number, whole: number, isLeast: boolean): string {
  const text = formatBytes(whole)
  const unit = text.slice(text.indexOf(' ') + 1)
  const scaled = part / 1024 ** (units as readonly string[]).indexOf(unit)
  return `${unit === 'B' ? Math.round(scaled) : scaled.toFixed(1)} of ${isLeast ? 'at least ' : ''}${text}`
}

/** Seconds that are left, roughly: `40 s`, `3 min`, `2 h`. */
export function formatRemaining(seconds: number): string {
  if (seconds < 99.5) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

/** Counts the items of each status; a key is a status with `_` for `-`. */
export function countStatuses<Key extends string>(
  statuses: readonly string[],
  ...keys: readonly Key[]
): Record<Key, number> {
  const count = (key: Key) => statuses.filter((status) => status.replaceAll('-', '_') === key).length
  return Object.fromEntries(keys.map((key) => [key, count(key)])) as Record<Key, number>
}

/** `1 version`, `2 versions`. */
export function formatCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Bytes a second for people: `48.2 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/** Seconds for people: `0.4 s`, `42 s`, `3:05 min`, `1:02:09 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (Math.round(seconds) < 60) return `${Math.round(seconds)} s`
  const clock = formatClock(seconds)
  return clock.split(':').length === 2 ? `${clock} min` : `${clock} h`
}

/** Seconds as a clock shows them: `0:07`, `12:34`, `1:02:09`. */
export function formatClock(seconds: number): string {
  const whole = Math.round(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}

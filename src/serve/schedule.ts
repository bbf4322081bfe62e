import { Cron } from 'croner'
import { UpdaterError } from '../errors.ts'

/**
 * The first time after `now` that a schedule names, or undefined if there is none. A schedule is five fields of cron
 * (minute, hour, day, month, weekday) in local time, with names, lists, ranges and steps, or a nickname such as
 * `@daily`.
 * @throws UpdaterError CONFIGURATION
 */
export function nextTime(schedule: string, now: Date): Date | undefined {
  try {
    if (!form.test(schedule)) throw new Error('There are not five fields')
    return new Cron(schedule, { mode: '5-part', paused: true }).nextRun(now) ?? undefined
  } catch (cause) {
    throw new UpdaterError('CONFIGURATION', `The schedule "${schedule.slice(0, 100)}" cannot be read`, {
      remedy: "Give five fields as cron has them, such as '0 3 * * *' for every night at three",
      cause,
    })
  }
}

/** The library would also take a date, which comes once. */
const form = /^\s*(?:@\w+|\S+(?:\s+\S+){4})\s*$/

/** Moves a time by up to `jitter` milliseconds; `random` is from 0 up to, but not including, 1. */
export function delayed(time: Date, jitter: number, random: number): Date {
  return new Date(time.getTime() + Math.floor(jitter * random))
}

/** The clock is looked at this often (milliseconds), since a timer does not count the time that a machine sleeps. */
const longest = 30_000

/**
 * An alarm that rings once at a time of the wall clock, even if the clock is set meanwhile or the machine sleeps.
 * Returns a function that sets the time in place of the one before; `undefined` switches the alarm off.
 */
export function createAlarm(now: () => Date, ring: () => void): (time: Date | undefined) => void {
  let timer: NodeJS.Timeout | undefined
  const wait = (time: Date) => {
    const left = time.getTime() - now().getTime()
    timer = setTimeout(() => (time <= now() ? ring() : wait(time)), Math.max(0, Math.min(left, longest)))
  }
  return (time) => {
    clearTimeout(timer)
    if (time !== undefined) wait(time)
  }
}

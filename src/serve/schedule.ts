import { Cron } from 'croner'
import { UpdaterError } from '../errors.ts'

/** When runs begin. */
export interface Schedule {
  /** The first time after `now`, as the calendar has it; `undefined`: never again. */
  after(now: Date): Date | undefined
}

/**
 * Five fields of cron (minute, hour, day, month, weekday) in local time, with names, lists, ranges and
 * steps, or a nickname such as `@daily`.
 * @throws UpdaterError CONFIGURATION
 */
export function parseSchedule(text: string): Schedule {
  const remedy = "Give five fields as cron has them, such as '0 3 * * *' for every night at three"
  let cron: Cron
  try {
    if (!form.test(text)) throw new Error('There are not five fields')
    cron = new Cron(text, { mode: '5-part', paused: true })
  } catch (cause) {
    throw new UpdaterError('CONFIGURATION', `The schedule "${text.slice(0, 100)}" cannot be read`, {
      remedy,
      cause,
    })
  }
  return { after: (now) => cron.nextRun(now) ?? undefined }
}

/** The library would also take a date, which comes once. */
const form = /^\s*(?:@\w+|\S+(?:\s+\S+){4})\s*$/

/** Moves a time by up to `jitter` milliseconds; `random` is from 0 up to, but not including, 1. */
export function delayed(time: Date, jitter: number, random: number): Date {
  return new Date(time.getTime() + Math.floor(jitter * random))
}

/** Rings once at a time of the wall clock, even if the clock is set meanwhile or the machine sleeps. */
export interface Alarm {
  /** Replaces the time that was set before; `undefined` switches the alarm off. */
  set(time: Date | undefined): void
}

/** The clock is looked at this often, since a timer does not count the time that a machine sleeps. */
const longest = 30_000

export function createAlarm(now: () => Date, ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined
  const wait = (time: Date) => {
    const left = time.getTime() - now().getTime()
    timer = setTimeout(() => (time <= now() ? ring() : wait(time)), Math.max(0, Math.min(left, longest)))
  }
  return {
    set: (time) => {
      clearTimeout(timer)
      if (time !== undefined) wait(time)
    },
  }
}

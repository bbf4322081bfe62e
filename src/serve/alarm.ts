/** Rings once at a time of the wall clock, also where the clock is set or the machine slept. */
export interface Alarm {
  /** Replaces what was set before; `undefined`: it does not ring. */
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

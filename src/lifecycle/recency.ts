const day = 24 * 3600_000

/** Longest times between two builds in ms; `never` and `critical_bug` promise none. */
const periods: Readonly<Record<string, number>> = {
  yearly: 365 * day,
  quarterly: 92 * day,
  monthly: 31 * day,
  weekly: 175 * 3600_000,
  daily: 25 * 3600_000,
}

/**
 * Is a build older than `replace_frequency` allows? A tenth more is allowed, as SCS-0102 has it
 * (https://docs.scs.community/standards/scs-0102-v1-image-metadata).
 * @param built `YYYY-MM-DD`, as `today`
 */
export function isOverdue(built: string, frequency: string | undefined, today: string): boolean {
  const period = periods[frequency ?? '']
  return period !== undefined && Date.parse(today) > Date.parse(built) + 1.1 * period
}

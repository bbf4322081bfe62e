import { z } from 'zod'

/** Kinds of values; the message goes on after the key: `"jobs" is not …`. */

export const text = () => z.string('is not text').min(1, 'is empty')

/** Text that may be empty. */
export const anyText = () => z.string('is not text')

export const flag = () => z.boolean('is neither true nor false')

export function list() {
  const texts = z.array(text(), 'is not a list of texts').min(1, 'is empty')
  return z.union([text(), texts], 'is neither text nor a list of texts')
}

export function choice<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  return z.enum(choices, `is not one of ${choices.join(', ')}`)
}

export function count(most: number) {
  const what = `is not a whole number from 1 to ${most}`
  return z.int(what).min(1, what).max(most, what)
}

/** Bytes, or a number with a unit: `64GiB`. */
export function size() {
  const what = 'is not a size such as 64GiB or 500MB'
  const written = z.string(what).regex(/^[0-9]+(\.[0-9]+)? ?([KMGTkmgt][Ii]?)?[Bb]?$/, what)
  return z.union([z.int(what).min(1, what), written], what)
}

/** A number of versions, or one of the two words. */
export function keep() {
  const what = 'is no number of versions from 1 to 999, uuid-validity or replace'
  return z.union([z.int(what).min(1, what).max(999, what), z.enum(['uuid-validity', 'replace'], what)], what)
}

/** A length of time. */
export function time() {
  const what = 'is not a length of time such as 90s, 15m, 2h or 1d'
  return z.string(what).regex(/^[0-9]{1,6} ?[smhd]$/, what)
}

/** A number of days: `90` or `90d`. */
export function days() {
  const what = 'is not a number of days such as 90d'
  return z.union([z.int(what).min(0, what), z.string(what).regex(/^[0-9]{1,5} ?d?$/, what)], what)
}

/** `I/N` */
export const shard = () =>
  z.string('is no shard').regex(/^[0-9]{1,4}\/[0-9]{1,4}$/, 'is no shard such as 2/4')

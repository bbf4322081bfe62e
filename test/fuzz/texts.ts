/** Texts made of pieces of what readers know, damaged. */
import assert from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describeError, UpdaterError } from '../../src/errors.ts'
import { type Damage, damage, damaged } from './damage.ts'

export interface TextCase {
  readonly pieces: readonly string[]
  /** How often the pieces follow each other: what takes too long shows in long texts. */
  readonly times: number
  readonly damages: readonly Damage[]
}

const folder = 'test/fixtures/fuzz'
/** Inputs that were hard for some reader once, or could be. */
export const corpus = readdirSync(folder)
  .sort()
  .map((name) => ({ name, text: readFileSync(`${folder}/${name}`, 'utf8') }))

const anyPiece = fc
  .tuple(fc.constantFrom(...corpus), fc.nat(2000), fc.nat(400))
  .map(([{ text }, at, length]) => text.slice(at % text.length, (at % text.length) + length))

/** @param snippets of the kinds of text that the target reads */
export function texts(snippets: readonly string[]): fc.Arbitrary<TextCase> {
  const own = fc.constantFrom(...snippets, ...snippets, '\n', ' ')
  return fc.record({
    pieces: fc.array(fc.oneof({ weight: 6, arbitrary: own }, anyPiece), { minLength: 1, maxLength: 6 }),
    times: fc.oneof({ weight: 30, arbitrary: fc.constant(1) }, fc.constantFrom(2, 50, 10_000)),
    damages: fc.array(damage, { maxLength: 3 }),
  })
}

/** Bytes; longer texts take long, and show nothing more. */
const longest = 2 ** 19

export function textOf({ pieces, times, damages }: TextCase): string {
  const bytes = Buffer.from(pieces.join(''))
  const whole = Buffer.concat(
    Array.from({ length: Math.min(times, longest / (bytes.length + 1) + 1) }, () => bytes),
  )
  return new TextDecoder().decode(damaged(whole, damages))
}

/** Milliseconds of processor time: what grows with the square of a text's length takes minutes. */
const most = 10_000

/** What the reader returns, or undefined if it throws an error of ours. Fails if it throws another, or takes long. */
export async function readWith<Result>(read: () => Result | Promise<Result>): Promise<Result | undefined> {
  const before = process.cpuUsage()
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error
    const told = describeError(error)
    assert.doesNotMatch(told, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
    assert(told.length < 5000, `An error of ${told.length} characters`)
    return undefined
  } finally {
    const { user, system } = process.cpuUsage(before)
    assert((user + system) / 1000 < most, `It took ${Math.round((user + system) / 1000)} ms`)
  }
}

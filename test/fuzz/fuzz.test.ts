import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catalogue } from './catalogue.ts'
import { listings } from './listings.ts'
import { manifests } from './manifests.ts'
import { fuzz, type Target } from './target.ts'
import { targets } from './targets.ts'
import { corpus } from './texts.ts'

/** Ends after so many looks at the clock. */
const turns = (count: number) => {
  let left = count
  return () => left-- === 0
}

const planted = (tried: string[]): Target<string> => ({
  name: 'planted',
  missing: [],
  cases: fc.string(),
  check: (text) => {
    tried.push(text)
    if (text.includes('e')) throw new Error('There is an e')
  },
  kept: [],
  batch: 100,
})

describe('the fuzzing job', () => {
  it('finds a planted defect, makes it small, and tells the way back to it', async () => {
    const { finding } = await fuzz(planted([]), { seed: 7 }, turns(100))
    expect(finding).toMatchObject({ target: 'planted', shown: '"e"', error: new Error('There is an e') })
    const replayed: string[] = []
    const again = await fuzz(planted(replayed), finding?.replay ?? { seed: 0 }, turns(0))
    expect(again).toEqual({ tried: 1, finding })
    expect(replayed).toEqual(['e'])
  })

  it('tries the same cases for the same seed, and others for another', async () => {
    const casesOf = async (seed: number) => {
      const tried: string[] = []
      await fuzz({ ...planted([]), check: (text) => void tried.push(text) }, { seed }, turns(3))
      return tried
    }
    const [one, same, other] = [await casesOf(1), await casesOf(1), await casesOf(1_000_000)]
    expect(one).toHaveLength(300)
    expect(same).toEqual(one)
    expect(other).not.toEqual(one)
  })

  it('begins with the cases that are kept', async () => {
    const target = { ...planted([]), kept: ['a', 'tree', 'e'] }
    const { tried, finding } = await fuzz(target, { seed: 1 }, turns(0))
    expect([tried, finding?.shown, finding?.replay]).toEqual([1, '"tree"', undefined])
  })
})

describe.each(targets)('$name', (target) => {
  it('shows no defect in the cases that are kept, nor in a few others', async () => {
    const { finding } = await fuzz({ ...target, batch: 20 }, { seed: 1 }, turns(1))
    expect(finding).toBeUndefined()
  })
})

describe.each([manifests, listings, catalogue] as readonly Target[])('$name', ({ check }) => {
  it.each(corpus)('may be $name', async ({ text }) => {
    const folder = 'https://h.example/images/'
    await check({ pieces: [text], times: 1, damages: [], folder, refused: 0, after: { version: '2' } })
  })
})

it('npm run fuzz says what it may be called with', () => {
  const run = () => execFileSync('npm', ['run', '--silent', 'fuzz', '--', 'nothing'], { stdio: 'pipe' })
  expect(run).toThrow(expect.objectContaining({ status: 2 }))
})

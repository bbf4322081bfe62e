import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CloudImage } from '../../src/cloud/image.ts'
import { isSettled, planCloud } from '../../src/cloud/plan.ts'
import { planRollback } from '../../src/cloud/rollback.ts'
import type { Candidate, PlanContext } from '../../src/cloud/scene.ts'
import { carryOut, contextOf, day, definitionsOf, digestOf, GlanceModel, Killed } from './glance-model.ts'

const labels = ['1.0', '1.1', '2.0', '10.0'] as const
/** A version, and which of the builds of that version. */
const builds = fc.record({ label: fc.constantFrom(...labels), build: fc.integer({ min: 1, max: 2 }) })
type Build = { readonly label: string; readonly build: number }

const contentOf = (name: string, { label, build }: Build) => `${name} ${label} build ${build}`
const contents = new Map(
  ['Demo', 'Other'].flatMap((name) =>
    labels.flatMap((label) =>
      [1, 2].map((build) => {
        const content = contentOf(name, { label, build })
        return [digestOf(content), content] as const
      }),
    ),
  ),
)

interface State {
  readonly name: string
  readonly multi: boolean
  readonly enable: boolean
  readonly visibility: string
  readonly validity: string
  readonly memory: number
  readonly versions: readonly Build[]
}

const states: fc.Arbitrary<Omit<State, 'name'>> = fc.record({
  multi: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
  enable: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.constant(false)),
  visibility: fc.oneof(
    { weight: 6, arbitrary: fc.constant('public') },
    fc.constantFrom('community', 'private'),
  ),
  validity: fc.constantFrom('none', 'last-1', 'last-2', 'notice', 'forever', '2026-01-01', '2030-01-01'),
  memory: fc.constantFrom(512, 1024),
  versions: fc.uniqueArray(builds, { minLength: 1, maxLength: 3, selector: ({ label }) => label }),
})

function entryOf({ name, multi, enable, visibility, validity, memory, versions }: State): object {
  return {
    name,
    enable,
    multi,
    visibility,
    format: 'qcow2',
    login: 'demo',
    min_disk: 1,
    min_ram: memory,
    status: 'active',
    tags: [],
    meta: { os_distro: 'debian', uuid_validity: validity, [`only_with_${memory}`]: 'yes' },
    versions: versions.map((version) => ({
      version: version.label,
      url: `https://demo.example/${version.label}.qcow2`,
      checksum: digestOf(contentOf(name, version)),
      build_date: '2026-11-01',
    })),
  }
}

/** One run: what the catalogue says by then, and after how many calls the run is killed. */
const runs = fc.record({
  demo: states,
  other: fc.option(states, { nil: undefined }),
  kill: fc.option(fc.integer({ min: 0, max: 14 }), { nil: Number.POSITIVE_INFINITY }),
  retire: fc.constantFrom('hide', 'community', 'deactivate', 'delete', 'none' as const),
  isConfirmed: fc.boolean(),
  takesBack: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  /** Builds have to be 32 days old; they are by the third day of the history. */
  waits: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  skips: fc.option(fc.constantFrom(...labels), { nil: undefined }),
})
type Run = typeof runs extends fc.Arbitrary<infer One> ? One : never

const definitionsFor = ({ demo, other }: Run) =>
  definitionsOf(
    entryOf({ ...demo, name: 'Demo' }),
    ...(other === undefined ? [] : [entryOf({ ...other, name: 'Other' })]),
  )

const snapshot = {
  name: 'mine',
  owner: 'ours',
  tags: ['managed_by_osism'],
  properties: {
    image_type: 'snapshot',
    base_image_ref: 'x',
    image_description: 'Demo',
    internal_version: '1.0',
  },
}
/** What nobody may touch. */
function putOthers(glance: GlanceModel): CloudImage[] {
  return [
    glance.put(snapshot, 'a snapshot'),
    glance.put(
      { ...snapshot, tags: [], properties: { ...snapshot.properties, image_type: 'image' } },
      'a volume',
    ),
    glance.put({ name: 'Demo', owner: 'theirs', visibility: 'shared' }, 'theirs'),
    glance.put({ name: 'Demo (1.0)', owner: 'ours' }, 'private, of a colleague'),
  ]
}

/** As OpenStack Image Manager fills a cloud, its faults included. */
function fill(glance: GlanceModel, filled: readonly (Build & { readonly isNewest: boolean })[]): void {
  for (const { isNewest, ...build } of filled) {
    const name = isNewest ? 'Demo' : `Demo (${build.label})`
    const properties = {
      image_description: 'Demo',
      image_name: 'Demo',
      internal_version: build.label,
      os_distro: 'debian',
      image_original_user: 'demo',
      uuid_validity: 'last-3',
    }
    const tags = ['managed_by_osism', 'os:debian']
    glance.put({ name, visibility: 'public', tags, properties, minDisk: 1 }, contentOf('Demo', build))
  }
}

const isPublic = ({ visibility }: CloudImage) => visibility === 'public'
const isSeen = (image: CloudImage) => isPublic(image) && !image.isHidden && image.status === 'active'

function countByName(images: readonly CloudImage[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { name } of images) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Watches what users see after each call of a run. @returns what was wrong */
function watch(glance: GlanceModel, definitions: ReturnType<typeof definitionsOf>): () => string[] {
  const before = countByName(glance.list().filter(isPublic))
  const wasSeen = countByName(glance.list().filter(isSeen))
  const offered = new Set(
    definitions
      .filter(({ image, multi, visibility }) => image.enable && multi && visibility === 'public')
      .map(({ image }) => image.name),
  )
  const wrong: string[] = []
  let gone = 0
  glance.onCall = () => {
    const now = countByName(glance.list().filter(isPublic))
    for (const [name, count] of now) {
      if (count > Math.max(1, before.get(name) ?? 0)) wrong.push(`${count} public images of ${name}`)
    }
    const seen = countByName(glance.list().filter(isSeen))
    const lost = [...wasSeen.keys()].filter((name) => offered.has(name) && !seen.has(name))
    gone = lost.length === 0 ? 0 : gone + 1
    // Between the patch that takes the name from the old one and the one that shows the new one.
    if (gone > 1) wrong.push(`no image of ${lost.join()} for ${gone} calls`)
  }
  return () => wrong
}

let serial = 0

function runOnce(
  glance: GlanceModel,
  candidates: Map<string, Candidate>,
  run: Run,
  kill: number,
): { readonly wrong: string[]; readonly context: PlanContext } {
  // The mark of the run before is old enough.
  glance.now = new Date(glance.now.getTime() + day)
  serial += 1
  const context = contextOf({
    now: glance.now,
    run: `run-${serial}`,
    retire: run.retire,
    isConfirmed: run.isConfirmed,
    ...(run.waits && { minAge: 32 * day, candidates }),
    ...(run.skips && { skip: [{ image: 'Demo', version: run.skips, reason: 'bad' }] }),
  })
  const definitions = definitionsFor(run)
  const wrong = watch(glance, definitions)
  glance.left = kill
  try {
    if (run.takesBack) takeBack(glance, definitions, context)
    else {
      const plan = planCloud(definitions, glance.list(), context)
      for (const { definition, candidate } of plan.images) {
        if (candidate === undefined) candidates.delete(definition.image.name)
        else candidates.set(definition.image.name, candidate)
      }
      carryOut(glance, plan, context, contents)
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error
  }
  glance.left = Number.POSITIVE_INFINITY
  glance.onCall = undefined
  return { wrong: wrong(), context }
}

function takeBack(
  glance: GlanceModel,
  definitions: ReturnType<typeof definitionsOf>,
  context: PlanContext,
): void {
  const [definition] = definitions
  if (definition === undefined || !definition.image.enable) return
  let changes: ReturnType<typeof planRollback>['changes']
  try {
    changes = planRollback(definition, definitions, glance.list(), context, 'it does not boot').changes
  } catch {
    // There is no image before.
    return
  }
  for (const change of changes) glance.carryOut(change)
}

/** Runs until nothing is left to be done: one run, and one more if it has only marked what it found. */
function settle(glance: GlanceModel, run: Run, candidates: Map<string, Candidate>): PlanContext {
  const last = { ...run, isConfirmed: true, takesBack: false, waits: false, skips: undefined }
  for (let attempt = 0; ; attempt += 1) {
    const { wrong, context } = runOnce(glance, candidates, last, Number.POSITIVE_INFINITY)
    expect(wrong).toEqual([])
    if (isSettled(planCloud(definitionsFor(last), glance.list(), context))) return context
    expect(attempt).toBeLessThan(1)
  }
}

function expectRightState(glance: GlanceModel, { demo, other, retire }: Run): void {
  const images = glance.list()
  for (const count of countByName(images.filter(isPublic)).values()) expect(count).toBe(1)
  const unfinished = images.filter(({ properties }) => properties.image_updater_journal !== undefined)
  // What is of a definition that is gone is nobody's to touch.
  expect(
    unfinished.filter((image) => other || image.properties.image_updater_definition !== 'Other'),
  ).toEqual([])
  for (const state of [{ ...demo, name: 'Demo' }, ...(other ? [{ ...other, name: 'Other' }] : [])]) {
    const own = images.filter(({ properties }) => properties.image_updater_definition === state.name)
    const sorted = [...state.versions].sort((a, b) => Number(b.label) - Number(a.label))
    const wanted = state.enable ? sorted : []
    const skipped = own.flatMap((image) =>
      image.properties.image_updater_skip === undefined
        ? []
        : (image.properties.image_updater_checksum ?? ''),
    )
    if (wanted.some((build) => skipped.includes(digestOf(contentOf(state.name, build))))) continue
    const current = wanted.map((build, at) => {
      const name = !state.multi
        ? `${state.name} ${build.label}`
        : at === 0
          ? state.name
          : `${state.name} (${build.label})`
      const found = own.filter((image) => image.name === name && image.visibility === state.visibility)
      expect(found.map(({ id }) => glance.contents.get(id))).toEqual([contentOf(state.name, build)])
      const [image] = found
      expect(image).toMatchObject({
        status: 'active',
        isHidden: false,
        minDisk: 1,
        minRam: state.memory,
        tags: expect.arrayContaining(['managed_by_osism', 'os:debian']),
        properties: { internal_version: build.label, [`only_with_${state.memory}`]: 'yes' },
      })
      expect(image?.properties).not.toHaveProperty(`only_with_${state.memory === 512 ? 1024 : 512}`)
      return image?.id
    })
    if (retire === 'none') continue
    const old = own.filter(({ id }) => !current.includes(id))
    expect(old.filter((image) => isSeen(image) && state.visibility === 'public')).toEqual([])
  }
}

const settings = { seed: 8, numRuns: 50 }

describe('a plan', () => {
  it('leads to what the catalogue says, whatever runs were killed before, and never shows two images of a name', () => {
    fc.assert(
      fc.property(fc.array(runs, { minLength: 1, maxLength: 5 }), (history) => {
        const glance = new GlanceModel()
        const others = putOthers(glance)
        const candidates = new Map<string, Candidate>()
        for (const run of history) {
          const { wrong, context } = runOnce(glance, candidates, run, run.kill)
          expect(wrong).toEqual([])
          const isWhole = run.kill === Number.POSITIVE_INFINITY && !run.takesBack
          if (isWhole) expect(isSettled(planCloud(definitionsFor(run), glance.list(), context))).toBe(true)
        }
        const last = history.at(-1)
        if (last === undefined) return
        settle(glance, last, candidates)
        expectRightState(glance, last)
        expect(others.map(({ id }) => glance.images.get(id))).toEqual(others)
      }),
      settings,
    )
  })

  it('takes a cloud over that OpenStack Image Manager has filled', () => {
    const filled = fc.uniqueArray(
      fc.record({ label: fc.constantFrom(...labels), build: fc.constant(1), isNewest: fc.boolean() }),
      {
        maxLength: 4,
        selector: ({ label }) => label,
      },
    )
    fc.assert(
      fc.property(filled, fc.array(runs, { minLength: 1, maxLength: 3 }), (there, history) => {
        const glance = new GlanceModel()
        const others = putOthers(glance)
        const candidates = new Map<string, Candidate>()
        fill(glance, there)
        for (const run of history) expect(runOnce(glance, candidates, run, run.kill).wrong).toEqual([])
        const last = history.at(-1)
        if (last === undefined) return
        settle(glance, last, candidates)
        expect(countByName(glance.list().filter(isPublic))).toEqual(
          new Map(
            glance
              .list()
              .filter(isPublic)
              .map(({ name }) => [name, 1]),
          ),
        )
        expect(others.map(({ id }) => glance.images.get(id))).toEqual(others)
      }),
      settings,
    )
  })
})

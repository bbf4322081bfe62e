import { describe, expect, it } from 'vitest'
import { type ReadDefinition, readCloudDefinitions } from '../../src/cloud/definition.ts'
import { describePlan } from '../../src/cloud/describe.ts'
import type { CloudImage, PatchOperation } from '../../src/cloud/image.ts'
import { isSettled, planCloud } from '../../src/cloud/plan.ts'
import { creationOf, describing, promotionOf, proofOf } from '../../src/cloud/promotion.ts'
import { planRollback } from '../../src/cloud/rollback.ts'
import type { PlanContext } from '../../src/cloud/scene.ts'
import { parseDigest } from '../../src/image.ts'
import { contextOf, day, definitionsOf, digestOf, GlanceModel, hour, publish, told } from './glance-model.ts'

const tag = 'managed_by_osism'

interface VersionOf {
  readonly version?: string
  readonly content?: string
  readonly [key: string]: unknown
}

/** An entry of `images`, and its bytes: those of a version are its own number where nothing else is said. */
function entry(versions: readonly VersionOf[], changes: Readonly<Record<string, unknown>> = {}): object {
  return {
    name: 'Debian 12',
    enable: true,
    multi: true,
    visibility: 'public',
    format: 'qcow2',
    login: 'debian',
    min_disk: 8,
    min_ram: 512,
    status: 'active',
    tags: [],
    meta: { os_distro: 'debian', os_version: '12', uuid_validity: 'last-3' },
    versions: versions.map(({ content, ...version }) => ({
      url: `https://demo.example/${version.version}.qcow2`,
      checksum: digestOf(content ?? String(version.version)),
      build_date: '2026-11-20',
      ...version,
    })),
    ...changes,
  }
}

const contents = new Map(
  ['20261101', '20261110', '20261120', 'rebuilt'].map((content) => [digestOf(content), content] as const),
)

/** What OpenStack Image Manager makes of it. */
function manager(version: string, changes: Partial<CloudImage> = {}): Partial<CloudImage> {
  return {
    name: 'Debian 12',
    visibility: 'public',
    tags: [tag, 'os:debian'],
    minDisk: 8,
    minRam: 512,
    ...changes,
    properties: {
      image_description: 'Debian 12',
      image_name: 'Debian 12',
      internal_version: version,
      image_original_user: 'debian',
      image_source: `https://demo.example/${version}.qcow2`,
      image_build_date: '2026-11-20',
      os_distro: 'debian',
      os_version: '12',
      uuid_validity: 'last-3',
      ...changes.properties,
    },
  }
}

function publishOnce(glance: GlanceModel, image: object, changes: Partial<PlanContext> = {}) {
  glance.now = new Date(glance.now.getTime() + day)
  const context = contextOf({ now: glance.now, run: `run-${glance.now.getTime()}`, ...changes })
  return publish(glance, definitionsOf(image), context, contents)
}

/** A cloud that has these versions, brought one after the other. */
function filled(versions: readonly string[], changes: Readonly<Record<string, unknown>> = {}): GlanceModel {
  const glance = new GlanceModel(new Date('2026-11-01T12:00:00Z'))
  for (const version of versions) publishOnce(glance, entry([{ version }], changes))
  return glance
}

/** What users and operators see: a line for each image. */
function seen(glance: GlanceModel): string[] {
  return glance
    .list()
    .map(({ id, name, visibility, isHidden, status }) =>
      [
        name,
        glance.contents.get(id),
        visibility,
        ...(isHidden ? ['hidden'] : []),
        ...(status === 'active' ? [] : [status]),
      ].join(', '),
    )
}

const whatOf = (plan: ReturnType<typeof planCloud>) =>
  plan.images.flatMap(({ findings }) => findings.map(({ what }) => what))

describe('planCloud, where OpenStack Image Manager is wrong', () => {
  it('1: brings only what it has a digest for, and tells an image whose bytes are others', () => {
    const glance = new GlanceModel()
    glance.put(manager('20261120'), 'something else')
    const catalogue = entry([{ version: '20261120', checksum: digestOf('20261120', 'sha512') }])
    const plan = planCloud(definitionsOf(catalogue), glance.list(), contextOf())
    expect(whatOf(plan)).toEqual(['other-bytes'])
    expect(told(plan)).toEqual(['brings 20261120 as Debian 12'])
    const without = planCloud(
      definitionsOf(entry([{ version: '20261120', checksum: null }])),
      [],
      contextOf(),
    )
    expect(without.images[0]?.failures).toMatchObject([{ code: 'CATALOG_TYPE', place: { line: 1 } }])
    expect(told(without)).toEqual([])
  })

  it('2: brings the one version of a catalogue when it is another one', () => {
    const glance = filled(['20261101', '20261110'])
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261110, public',
    ])
  })

  it('3: leaves one of two public images of a name', () => {
    const glance = new GlanceModel()
    glance.put(manager('20261101'), '20261101')
    glance.put(manager('20261120'), '20261120')
    const plan = publishOnce(glance, entry([{ version: '20261120' }]))
    expect(whatOf(plan)).toContain('duplicate')
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261120, public',
    ])
  })

  it('4: gives an image the name of the version that it is, not of the one before in the catalogue', () => {
    const glance = filled(['20261101'])
    publishOnce(glance, entry([{ version: '20261120' }, { version: '20261110' }]))
    expect(seen(glance).sort()).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12 (20261110), 20261110, public',
      'Debian 12, 20261120, public',
    ])
  })

  it('5: brings a rebuild of the same day; a second one gets digits of its digest', () => {
    const glance = filled(['20261120'])
    const plan = publishOnce(glance, entry([{ version: '20261120', content: 'rebuilt' }]))
    expect(whatOf(plan)).toContain('other-bytes')
    publishOnce(glance, entry([{ version: '20261120' }]))
    publishOnce(glance, entry([{ version: '20261120', content: 'rebuilt' }]))
    expect(seen(glance)).toEqual([
      expect.stringMatching(/^Debian 12 \(20261120\)(?: [0-9a-f]{8})?, 20261120, public, hidden$/),
      'Debian 12, rebuilt, public',
    ])
    expect(new Set(glance.list().map(({ name }) => name)).size).toBe(2)
  })

  it('6: shows a new image that was hidden', () => {
    const glance = new GlanceModel()
    glance.put(manager('20261120', { isHidden: true }), '20261120')
    const plan = publishOnce(glance, entry([{ version: '20261120' }]))
    expect(whatOf(plan)).toEqual(['unproven', 'visibility'])
    expect(seen(glance)).toEqual(['Debian 12, 20261120, public'])
  })

  it.each<[string, string[]]>([
    ['none', ['deleted', 'deleted', 'deleted', 'there']],
    ['last-1', ['deleted', 'deleted', 'deleted', 'there']],
    ['last-3', ['deleted', 'hidden', 'hidden', 'there']],
    ['notice', ['hidden', 'hidden', 'hidden', 'there']],
    ['forever', ['hidden', 'hidden', 'hidden', 'there']],
    ['2026-11-04', ['hidden', 'hidden', 'hidden', 'there']],
    ['2026-11-01', ['deleted', 'deleted', 'deleted', 'there']],
  ])('7: keeps what "uuid_validity: %s" promises, also if it may delete', (validity, expected) => {
    const meta = { uuid_validity: validity }
    const glance = filled(['20261101', '20261110', '20261120'], { meta })
    const ids = glance.list().map(({ id }) => id)
    publishOnce(glance, entry([{ version: '20261121', content: 'rebuilt' }], { meta }), {
      retire: 'delete',
      isConfirmed: true,
      now: new Date('2026-11-04T20:00:00Z'),
    })
    const fates = [
      ...ids,
      ...glance
        .list()
        .map(({ id }) => id)
        .filter((id) => !ids.includes(id)),
    ].map((id) => {
      const image = glance.images.get(id)
      return image === undefined ? 'deleted' : image.isHidden ? 'hidden' : 'there'
    })
    expect(fates).toEqual(expected)
  })

  it.each<[string, VersionOf]>([
    ['a version that is no text', { version: 1.11 as unknown as string }],
    ['"latest" that nobody has asked for', { version: 'latest', checksum: null }],
  ])('8: retires nothing because of %s', (_, version) => {
    const glance = filled(['20261101', '20261110'])
    const before = glance.list()
    const text = JSON.stringify({ images: [entry([version])] })
    const [read] = readCloudDefinitions('catalog.yml', text)
    const { definition, defects = [], image } = read as ReadDefinition
    const context = contextOf({
      retire: 'delete',
      isConfirmed: true,
      others: definition ? [] : [image],
      now: glance.now,
    })
    const plan = publish(glance, definition ? [definition] : [], context, contents)
    const codes = [...defects, ...plan.images.flatMap(({ failures }) => failures)].map(({ code, place }) => [
      code,
      place?.file,
    ])
    expect(codes).toEqual([['CATALOG_TYPE', 'catalog.yml']])
    expect(plan.unnamed).toEqual([])
    expect(glance.list()).toEqual(before)
  })

  it('9: corrects meta, sizes and tags of an image that is there, and removes only what it has written', () => {
    const glance = filled(['20261120'], {
      tags: ['old'],
      meta: { os_distro: 'debian', gone: 'yes', uuid_validity: 'none' },
    })
    const [image] = glance.list()
    const foreign = { ...image?.properties, theirs: 'stays' }
    glance.images.set(image?.id ?? '', {
      ...(image as CloudImage),
      properties: foreign,
      tags: [...(image?.tags ?? []), 'theirs'],
    })
    const plan = publishOnce(glance, entry([{ version: '20261120' }], { min_disk: 20, tags: ['new'] }))
    expect(plan.images[0]?.findings).toMatchObject([
      { what: 'current' },
      { what: 'properties', message: expect.stringMatching(/min_disk, tags.*gone/) },
    ])
    const [after] = glance.list()
    expect(after).toMatchObject({ minDisk: 20, properties: { theirs: 'stays', os_version: '12' } })
    expect(after?.properties).not.toHaveProperty('gone')
    expect([...(after?.tags ?? [])].sort()).toEqual([tag, 'new', 'os:debian', 'theirs'])
  })

  it('10: reports a tagged image without image_description, and goes on', () => {
    const glance = new GlanceModel()
    const stray = glance.put({ name: 'x', visibility: 'public', tags: [tag] }, 'x')
    const plan = publishOnce(glance, entry([{ version: '20261120' }]))
    expect(plan.unnamed.map(({ id }) => id)).toEqual([stray.id])
    expect(glance.images.get(stray.id)).toEqual(stray)
    expect(seen(glance)).toContain('Debian 12, 20261120, public')
  })

  it('11: one image that fails keeps neither the others nor their retirement back', () => {
    const glance = filled(['20261101'])
    const definitions = definitionsOf(
      entry([{ version: '1', checksum: null }], { name: 'Bad' }),
      entry([{ version: '20261110' }]),
    )
    const plan = publish(glance, definitions, contextOf({ now: glance.now }), contents)
    expect(plan.images.map(({ failures }) => failures.length)).toEqual([1, 0])
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261110, public',
    ])
  })

  it.each<[string, Record<string, unknown>, Partial<PlanContext>]>([
    ['a disabled definition', { enable: false }, {}],
    ['an ended release', {}, { ended: new Set(['Debian 12']) }],
  ])('12: hides the image of %s', (_, changes, context) => {
    const glance = filled(['20261120'])
    publishOnce(glance, entry([{ version: '20261120' }], changes), context)
    expect(seen(glance)).toEqual(['Debian 12, 20261120, public, hidden'])
    publishOnce(glance, entry([{ version: '20261120' }]))
    expect(seen(glance)).toEqual(['Debian 12, 20261120, public'])
  })

  it('13: does not compare the digest of a packed file with what Glance has of its content', () => {
    const glance = new GlanceModel()
    glance.put(manager('20261120'), 'unpacked')
    const version = {
      version: '20261120',
      url: 'https://demo.example/demo.qcow2.xz',
      checksum: digestOf('packed', 'sha512'),
    }
    expect(whatOf(planCloud(definitionsOf(entry([version])), glance.list(), contextOf()))).toContain(
      'unproven',
    )
  })

  it('14: a defect of one definition is its own', () => {
    const text = JSON.stringify({
      images: [
        entry([{ version: '1' }], { multi: 'perhaps', name: 'Bad' }),
        entry([{ version: '20261120' }]),
      ],
    })
    const read = readCloudDefinitions('catalog.yml', text)
    expect(
      read.map(({ definition, defects }) => [definition?.image.name, defects.map(({ message }) => message)]),
    ).toEqual([
      [undefined, ['"multi" is neither true nor false']],
      ['Debian 12', []],
    ])
  })
})

describe('planCloud', () => {
  it('shows an image only when it has its name, and asks nothing more afterwards', () => {
    const glance = filled(['20261101'])
    const definitions = definitionsOf(entry([{ version: '20261110' }]))
    const context = contextOf({ now: glance.now })
    const plan = planCloud(definitions, glance.list(), context)
    const calls = describePlan(plan, 'glance-direct', context)
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v2/images',
      'PUT /v2/images/{id}/stage',
      'POST /v2/images/{id}/import',
      'GET /v2/images/{id}',
      'PATCH /v2/images/{id}',
      'PATCH /v2/images/{id}',
      'PATCH /v2/images/00000001-0000-4000-8000-000000000000',
      'PATCH /v2/images/{id}',
    ])
    const bodies = calls
      .slice(5)
      .map(({ body }) => (body as { path: string; value: unknown }[]).map(({ path }) => path))
    expect(bodies).toEqual([
      ['/name', '/image_updater_journal'],
      ['/name', '/os_hidden', '/image_updater_hidden_at'],
      ['/visibility', '/tags', '/image_updater_journal'],
    ])
    publish(glance, definitions, context, contents)
    expect(isSettled(planCloud(definitions, glance.list(), context))).toBe(true)
  })

  it('does nothing with an image of which the catalogue has lost every version, and says so', () => {
    const glance = filled(['20261101', '20261110'])
    const context = contextOf({ now: glance.now })
    const plan = planCloud(definitionsOf(entry([])), glance.list(), context)
    expect(isSettled(plan)).toBe(true)
    expect(whatOf(plan)).toEqual(['skipped'])
    expect(plan.unnamed).toEqual([])
  })

  it('tells each call as the run makes it', () => {
    const glance = filled(['20261101'])
    const context = contextOf({ now: glance.now })
    const plan = planCloud(definitionsOf(entry([{ version: '20261110' }])), glance.list(), context)
    const patches = describePlan(plan, 'upload', context).flatMap(({ method, body }) =>
      method === 'PATCH' ? [body] : [],
    )
    const made: (readonly PatchOperation[])[] = []
    const carryOut = glance.carryOut.bind(glance)
    glance.carryOut = (change) => {
      if (change.action.kind === 'patch') made.push(change.action.operations)
      carryOut(change)
    }
    publish(glance, definitionsOf(entry([{ version: '20261110' }])), context, contents)
    // What Glance has found out only a run can know: the digest of what it has stored.
    const known = made.map((operations) => operations.filter(({ path }) => path !== '/image_updater_hash'))
    expect(patches).toEqual(known)
  })

  it('keeps the names of versions without multi; a rebuild renames the old one', () => {
    const changes = { multi: false, separator: '-', name: 'Cirros' }
    const glance = new GlanceModel()
    publishOnce(glance, entry([{ version: '20261101' }, { version: '20261110' }], changes))
    publishOnce(
      glance,
      entry([{ version: '20261101' }, { version: '20261110', content: 'rebuilt' }], changes),
    )
    expect(seen(glance).sort()).toEqual([
      'Cirros-(20261110), 20261110, public, hidden',
      'Cirros-20261101, 20261101, public',
      'Cirros-20261110, rebuilt, public',
    ])
    expect(glance.list().find(({ name }) => name === 'Cirros-20261101')?.properties.os_version).toBe(
      '20261101',
    )
  })

  it("waits with a young build, takes the one that was seen first, and keeps the old image's name meanwhile", () => {
    const glance = filled(['20261101'])
    const minAge = 2 * day
    const at = (time: string) => contextOf({ now: new Date(time), minAge, run: time })
    const young = entry([{ version: '20261110', build_date: '2026-11-10' }])
    const first = publish(glance, definitionsOf(young), at('2026-11-11T00:00:00Z'), contents)
    const candidate = first.images[0]?.candidate
    expect(candidate).toMatchObject({ version: { version: '20261110' } })
    expect(first.images[0]?.findings).toMatchObject([
      { what: 'pending', message: 'Version 20261110 of Debian 12 waits until 2026-11-12' },
    ])
    const candidates = new Map(candidate ? [['Debian 12', candidate]] : [])
    const younger = definitionsOf(entry([{ version: '20261120', build_date: '2026-11-12' }]))
    const second = publish(glance, younger, { ...at('2026-11-12T01:00:00Z'), candidates }, contents)
    expect(second.images[0]?.brings.map(({ version }) => version.version)).toEqual(['20261110'])
    expect(second.images[0]?.candidate).toMatchObject({ version: { version: '20261120' } })
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261110, public',
    ])
    const third = publish(glance, younger, { ...at('2026-11-13T00:00:00Z'), candidates: new Map() }, contents)
    expect(isSettled(third)).toBe(true)
    publish(glance, younger, at('2026-11-14T00:00:00Z'), contents)
    expect(seen(glance).at(-1)).toBe('Debian 12, 20261120, public')
  })

  it('skips a build by its version or its digest, and says why', () => {
    const glance = filled(['20261101'])
    const before = glance.list()
    for (const one of [{ version: '20261110' }, { checksum: digestOf('20261110') }]) {
      const skip = [{ image: 'Debian*', reason: 'it does not boot', ...one }]
      const plan = publishOnce(glance, entry([{ version: '20261110' }]), { skip })
      expect(plan.images[0]?.findings).toEqual([
        {
          what: 'skipped',
          version: '20261110',
          message: 'Version 20261110 is to be skipped: it does not boot',
        },
      ])
    }
    expect(glance.list()).toEqual(before)
  })

  it('never takes the name, or the id, of an image that is not ours', () => {
    const id = '11111111-1111-4111-8111-111111111111'
    for (const theirs of [
      { name: 'Debian 12', visibility: 'public', owner: 'theirs' },
      { name: 'Debian 12', visibility: 'public' },
      { name: 'x', visibility: 'public', owner: 'theirs', id },
    ] as const) {
      const glance = new GlanceModel()
      const image = glance.put(theirs, 'theirs')
      const plan = publishOnce(glance, entry([{ version: '20261120', id }]))
      expect(plan.images[0]?.failures).toMatchObject([
        { code: 'CLOUD_CONFLICT', place: { file: 'catalog.yml' } },
      ])
      expect(whatOf(plan)).toEqual(['taken'])
      expect(glance.list()).toEqual([image])
    }
  })

  it('fills the record of a given id again, and never brings other bytes under it', () => {
    const id = '11111111-1111-4111-8111-111111111111'
    const glance = new GlanceModel()
    glance.left = 1
    expect(() => publishOnce(glance, entry([{ version: '20261120', id }]))).toThrow()
    glance.left = Number.POSITIVE_INFINITY
    publishOnce(glance, entry([{ version: '20261120', id }]))
    expect(glance.list()).toMatchObject([{ id, name: 'Debian 12', visibility: 'public' }])
    const plan = publishOnce(glance, entry([{ version: '20261120', id, content: 'rebuilt' }]))
    expect(plan.images[0]?.failures).toMatchObject([
      { code: 'CLOUD_CONFLICT', message: expect.stringContaining('other bytes') },
    ])
    expect(seen(glance)).toEqual(['Debian 12, 20261120, public'])
  })

  it('steps back while another run is at work, and takes its mark over after twice the time of an import', () => {
    const glance = filled(['20261101'])
    const definitions = definitionsOf(entry([{ version: '20261110' }]))
    glance.left = 2
    expect(() =>
      publish(glance, definitions, contextOf({ now: glance.now, run: 'other' }), contents),
    ).toThrow()
    glance.left = Number.POSITIVE_INFINITY
    const began = glance.now.getTime()
    const early = planCloud(definitions, glance.list(), contextOf({ now: new Date(began + 3.9 * hour) }))
    expect(early.images[0]).toMatchObject({ failures: [{ code: 'CLOUD_CONFLICT' }], repairs: [], brings: [] })
    publish(glance, definitions, contextOf({ now: new Date(began + 4.1 * hour) }), contents)
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261110, public',
    ])
  })

  it('lets of two runs at once the one through whose record was made first', () => {
    const glance = filled(['20261101'])
    const definitions = definitionsOf(entry([{ version: '20261110' }]))
    const [first, second] = ['first', 'second'].map((run) => {
      const context = contextOf({ now: glance.now, run })
      const bring = planCloud(definitions, glance.list(), context).images[0]?.brings[0]
      if (bring === undefined) throw new Error('nothing is brought')
      return { context, bring }
    })
    if (first === undefined || second === undefined) return
    const [mine, theirs] = [first, second].map(({ bring, context }) => {
      const { id } = glance.create(creationOf(bring, context))
      glance.carryOut(describing(bring, glance.upload(id, '20261110'), context))
      return glance.get(id)
    })
    if (mine === undefined || theirs === undefined) return
    const stepsBack = () => promotionOf(second.bring, theirs, glance.list(), second.context)
    expect(stepsBack).toThrow(/first, or is about to/)
    const changes = promotionOf(first.bring, mine, glance.list(), first.context)
    for (const change of changes) {
      glance.carryOut(change)
      expect(stepsBack).toThrow(/first, or is about to/)
    }
    publishOnce(glance, entry([{ version: '20261110' }]))
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261110, public',
    ])
  })

  it("records what the bytes of an unproven image are, and brings others if they are not the catalogue's", () => {
    for (const [content, expected] of [
      ['20261120', 'current'],
      ['rebuilt', 'other-bytes'],
    ] as const) {
      const glance = new GlanceModel()
      glance.put(manager('20261120'), content)
      const definitions = definitionsOf(entry([{ version: '20261120' }]))
      const [match] = planCloud(definitions, glance.list(), contextOf()).images[0]?.unproven ?? []
      if (match === undefined) throw new Error('nothing is unproven')
      const digest = parseDigest(digestOf(content))
      if (digest !== undefined) glance.carryOut(proofOf(match.image, digest))
      expect(whatOf(planCloud(definitions, glance.list(), contextOf()))).toEqual([expected])
    }
  })

  it('adopts what Image Manager has brought: corrects it, and retires old ones in the run after', () => {
    const glance = new GlanceModel()
    const old = glance.put(manager('20261101', { name: 'Debian 12 (20261101)' }), '20261101')
    glance.put(manager('20261120', { minDisk: 1 }), '20261120')
    const catalogue = entry([{ version: '20261120', checksum: digestOf('20261120', 'sha512') }])
    const first = publishOnce(glance, catalogue)
    expect(whatOf(first)).toEqual(['current', 'properties', 'retire'])
    expect(first.images[0]?.retirements).toMatchObject([{ hold: 'adoption', image: { id: old.id } }])
    expect(seen(glance)).toEqual(['Debian 12 (20261101), 20261101, public', 'Debian 12, 20261120, public'])
    publishOnce(glance, catalogue)
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261120, public',
    ])
    expect(glance.list()[1]?.properties).toMatchObject({
      image_updater_checksum: digestOf('20261120', 'sha512'),
    })
  })

  it('holds retirements back that are too many, and carries them out with --yes', () => {
    const glance = new GlanceModel()
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const all = (enable: boolean) =>
      definitionsOf(...names.map((name) => entry([{ version: '20261120' }], { name, enable })))
    publish(glance, all(true), contextOf(), contents)
    const before = glance.list()
    const plan = publish(glance, all(false), contextOf({ run: 'second' }), contents)
    expect(plan.brake).toEqual({ retirements: 6, ours: 6 })
    expect(glance.list()).toEqual(before)
    publish(glance, all(false), contextOf({ run: 'third', isConfirmed: true }), contents)
    expect(glance.list().every(({ isHidden }) => isHidden)).toBe(true)
  })

  it.each<[PlanContext['retire'], Partial<PlanContext>, string[]]>([
    ['hide', {}, ['public, hidden', 'public, hidden', 'public']],
    ['community', {}, ['community', 'community', 'public']],
    ['deactivate', {}, ['public, hidden, deactivated', 'public, hidden', 'public']],
    ['delete', {}, ['public, hidden', 'public, hidden', 'public']],
    ['delete', { isConfirmed: true }, ['public, hidden', 'public']],
    ['none', {}, ['public', 'public', 'public']],
    ['hide', { deleteAfter: day, isConfirmed: true }, ['public, hidden', 'public']],
    ['hide', { deleteAfter: 3 * day, isConfirmed: true }, ['public, hidden', 'public, hidden', 'public']],
  ])('retires with --retire %s and %o', (retire, more, expected) => {
    const meta = { uuid_validity: 'last-2' }
    const glance = new GlanceModel()
    for (const version of ['20261101', '20261110', '20261120', '20261120']) {
      publishOnce(glance, entry([{ version }], { meta }), { retire, ...more })
    }
    expect(seen(glance).map((line) => line.split(', ').slice(2).join(', '))).toEqual(expected)
  })

  it('never deletes a protected image', () => {
    const glance = filled(['20261101'], { meta: { uuid_validity: 'none' } })
    const [image] = glance.list()
    glance.images.set(image?.id ?? '', { ...(image as CloudImage), isProtected: true })
    publishOnce(glance, entry([{ version: '20261110' }], { meta: { uuid_validity: 'none' } }), {
      retire: 'delete',
      isConfirmed: true,
    })
    expect(seen(glance)).toEqual([
      'Debian 12 (20261101), 20261101, public, hidden',
      'Debian 12, 20261110, public',
    ])
  })

  it('leaves definitions that are gone, those of others, and retires nothing of what has failed', () => {
    const glance = filled(['20261101', '20261110'])
    const before = glance.list()
    const gone = publish(glance, [], contextOf({ now: glance.now }), contents)
    expect(gone.unnamed.length).toBe(2)
    const [definition] = definitionsOf(entry([{ version: '20261110' }]))
    const others = definition ? [definition.image] : []
    expect(publish(glance, [], contextOf({ now: glance.now, others }), contents).unnamed).toEqual([])
    const disabled = definitionsOf(entry([{ version: '20261110' }], { enable: false }))
    publish(glance, disabled, contextOf({ now: glance.now, failed: new Set(['Debian 12']) }), contents)
    expect(glance.list()).toEqual(before)
  })

  it('does nothing for two definitions that give the same name', () => {
    const definitions = definitionsOf(
      entry([{ version: '1' }], { name: 'A', multi: false }),
      entry([{ version: '20261120' }], { name: 'A 1' }),
    )
    const plan = planCloud(definitions, [], contextOf())
    expect(plan.images.flatMap(({ failures }) => failures.map(({ code }) => code))).toEqual([
      'CLOUD_CONFLICT',
      'CLOUD_CONFLICT',
    ])
    expect(told(plan)).toEqual([])
  })

  it("takes a changed digest of Glance's for other bytes", () => {
    const glance = filled(['20261120'])
    const [image] = glance.list()
    glance.images.set(image?.id ?? '', { ...(image as CloudImage), hash: { algorithm: 'sha512', hex: 'ff' } })
    expect(whatOf(publishOnce(glance, entry([{ version: '20261120' }])))).toContain('other-bytes')
    expect(seen(glance).at(-1)).toBe('Debian 12, 20261120, public')
  })

  it('trusts the recorded digests of an image that Glance has converted', () => {
    const glance = filled(['20261120'])
    const [image] = glance.list()
    const converted = { ...(image as CloudImage), diskFormat: 'raw' }
    glance.images.set(converted.id, converted)
    expect(
      whatOf(planCloud(definitionsOf(entry([{ version: '20261120' }])), glance.list(), contextOf())),
    ).toEqual(['current'])
  })
})

describe('planRollback', () => {
  it('gives the name back, and the next run leaves it there until another build comes', () => {
    const glance = filled(['20261101', '20261110'])
    const bad = definitionsOf(entry([{ version: '20261110' }]))
    const [definition] = bad
    if (definition === undefined) return
    const rollback = planRollback(
      definition,
      bad,
      glance.list(),
      contextOf({ now: glance.now }),
      'it does not boot 💥',
    )
    for (const change of rollback.changes) glance.carryOut(change)
    const back = ['Debian 12, 20261101, public', 'Debian 12 (20261110), 20261110, public, hidden']
    expect(seen(glance)).toEqual(back)
    const plan = publishOnce(glance, entry([{ version: '20261110' }]))
    expect(isSettled(plan)).toBe(true)
    expect(plan.images[0]?.findings).toMatchObject([
      { what: 'skipped', message: expect.stringContaining('it does not boot') },
    ])
    publishOnce(glance, entry([{ version: '20261120' }]))
    expect(seen(glance).at(-1)).toBe('Debian 12, 20261120, public')
  })

  it('gives the name to the image that had it last, whichever was made first', () => {
    const glance = filled(['20261110', '20261101', '20261120', '20261101'])
    const definitions = definitionsOf(entry([{ version: '20261101' }]))
    const [definition] = definitions
    if (definition === undefined) return
    const { before, bad } = planRollback(
      definition,
      definitions,
      glance.list(),
      contextOf({ now: glance.now }),
      'x',
    )
    expect([bad, before].map(({ id }) => glance.contents.get(id))).toEqual(['20261101', '20261120'])
  })

  it('says that there is no image before', () => {
    const glance = filled(['20261101'])
    const definitions = definitionsOf(entry([{ version: '20261101' }]))
    const [definition] = definitions
    expect(
      () =>
        definition &&
        planRollback(definition, definitions, glance.list(), contextOf({ now: glance.now }), 'x'),
    ).toThrow(/no image of Debian 12 before/)
  })
})

import { describe, expect, it } from 'vitest'
import type { CloudImage } from '../../src/cloud/image.ts'
import { isBusy } from '../../src/cloud/marks.ts'
import { definitionOf, isOurs } from '../../src/cloud/match.ts'
import { planCloud } from '../../src/cloud/plan.ts'
import { wholeDifference } from '../../src/cloud/properties.ts'
import { contextOf, definitionsOf, digestOf, GlanceModel, hour, told } from './glance-model.ts'

const base = { name: 'Demo', format: 'qcow2', visibility: 'public', multi: true }
const version = { version: '1', url: 'https://demo.example/1.qcow2', checksum: digestOf('1') }
const repeated = (count: number, of: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => of(at))

describe('what Glance would refuse or take for something else', () => {
  it.each<[string, object, RegExp]>([
    ['a long name', { name: 'x'.repeat(243) }, /The name ".*" has more than 255 characters/],
    ['a long tag', { tags: ['x'.repeat(256)] }, /The tag "x+" has more than 255/],
    ['a long name of a property', { meta: { ['x'.repeat(256)]: 'y' } }, /name of more than 255/],
    ['a property without a name', { meta: { '': 'y' } }, /A property has no name/],
    ['an empty tag', { tags: [''] }, /A tag is empty/],
    [
      'too many properties',
      { meta: Object.fromEntries(repeated(128, (at) => `k${at}`).map((key) => [key, 'v'])) },
      /There are 13\d properties/,
    ],
    ['too many tags', { tags: repeated(128, (at) => `t${at}`) }, /There are 129 tags/],
    ['a long value', { meta: { a: 'é'.repeat(33_000) } }, /"a" has more than 65535 bytes/],
    ['a character above U+FFFF', { meta: { a: '💥' } }, /a character that Glance does not take/],
    [
      'a name that a terminal obeys',
      { name: 'Demo\u001b[2J' },
      /"Demo.*" has a character that terminals obey/,
    ],
    ['a tag of two lines', { tags: ['a\nb'] }, /a character that terminals obey/],
    ['a property with a name that is turned round', { meta: { 'a\u202eb': 'x' } }, /that terminals obey/],
    ...['base_image_ref', 'instance_uuid', 'bdm_v2', 'block_device_mapping'].map(
      (key): [string, object, RegExp] => [key, { meta: { [key]: 'x' } }, /a snapshot of a server/],
    ),
    ['a kernel that is no image', { meta: { kernel_id: 'nope' } }, /"kernel_id" is not the id of an image/],
    ['a number that is none', { meta: { hw_cpu_cores: 'many' } }, /"hw_cpu_cores" is not a number/],
    ['a whole number that is none', { meta: { hw_video_ram: '1.5' } }, /"hw_video_ram" is not a number/],
    ['a factor that is no number', { meta: { instance_type_rxtx_factor: '' } }, /is not a number/],
    ['image_type of a snapshot', { meta: { image_type: 'snapshot' } }, /a snapshot of a server/],
    ['a control character that ends a text', { tags: ['a\0b'] }, /a character that Glance does not take/],
    ...[
      'os_hash_algo',
      'os_glance_x',
      'owner_specified.x',
      'locations',
      'stores',
      'self',
      'schema',
      'file',
      'direct_url',
      'id',
      'size',
      'status',
      'image_updater_keys',
      'image_id',
      'member',
      'metadata',
      'extra_properties',
      'delete',
      'set_data',
      '__class__',
    ].map((key): [string, object, RegExp] => [
      key,
      { meta: { [key]: 'x' } },
      new RegExp(`"${key}" is not free`),
    ]),
  ])('%s: is told before any call', (_, changes, message) => {
    const definitions = definitionsOf({ ...base, versions: [version], ...changes })
    const plan = planCloud(definitions, [], contextOf())
    expect(plan.images[0]?.failures[0]).toMatchObject({
      code: 'CATALOG_TYPE',
      place: { file: 'catalog.yml' },
    })
    expect(plan.images[0]?.findings[0]).toMatchObject({
      what: 'limit',
      message: expect.stringMatching(message),
    })
    expect(told(plan)).toEqual([])
  })

  it.each<[string, Partial<CloudImage>]>([
    ['users see', { visibility: 'public' }],
    ['is in use in the project', { tags: ['managed'] }],
  ])('a mark of a run on an image that %s: is removed, and the image stays', (_, changes) => {
    const definitions = definitionsOf({ ...base, versions: [version] })
    for (const mark of ['garbage', 'bringing 2020-01-01T00:00:00.000Z another']) {
      const glance = new GlanceModel()
      const properties = { image_description: 'Demo', internal_version: '1', image_updater_journal: mark }
      const image = { name: 'Demo', tags: ['managed_by_osism'], properties, ...changes }
      glance.put({ ...image, tags: [contextOf().tag] }, '1')
      glance.now = new Date(glance.now.getTime() + 100 * hour)
      const plan = planCloud(definitions, [...glance.images.values()], contextOf({ now: glance.now }))
      expect(plan.images[0]?.brings).toEqual([])
      expect(told(plan).join()).not.toContain('is removed')
      expect(JSON.stringify(plan)).toContain('{"op":"remove","path":"/image_updater_journal"}')
    }
  })

  it('a key with a slash and a tilde is escaped', () => {
    const [definition] = definitionsOf({ ...base, meta: { 'a/b~c': 'x' }, versions: [version] })
    const image = new GlanceModel().put({ name: 'Demo' }, '1')
    if (definition === undefined) return
    const record = planCloud([definition], [], contextOf()).images[0]?.brings[0]?.record
    const { operations } = record
      ? wholeDifference(image, record, { definition: 'Demo' })
      : { operations: [] }
    expect(operations).toContainEqual({ op: 'add', path: '/a~1b~0c', value: 'x' })
  })
})

describe('isOurs', () => {
  const tags = ['managed_by_osism']
  it.each<[string, object, boolean]>([
    ['our tag', { tags }, true],
    ['a mark of a run', { properties: { image_updater_journal: 'x' } }, true],
    ['no tag', {}, false],
    ['another project', { tags, owner: 'theirs' }, false],
    ['a snapshot', { tags, properties: { image_type: 'snapshot' } }, false],
    ['a backup', { tags, properties: { image_type: 'backup' } }, false],
    ['a snapshot of a server that boots from a volume', { tags, properties: { bdm_v2: 'True' } }, false],
    [
      'a snapshot made in mid-run',
      { properties: { image_updater_journal: 'x', base_image_ref: 'x' } },
      false,
    ],
    ['an image that is being deleted', { tags, status: 'pending_delete' }, false],
  ])('%s: %o is %s', (_, image, expected) => {
    expect(isOurs(new GlanceModel().put(image, 'x'), contextOf())).toBe(expected)
  })
})

describe('definitionOf', () => {
  const shared = { image_description: 'https://demo.example/capi' }
  const definitions = definitionsOf(
    { ...base, name: 'A', versions: [version] },
    { ...base, name: 'capi v1', meta: shared, versions: [version] },
    { ...base, name: 'capi v2', meta: shared, versions: [version] },
  )
  it.each<[string, Record<string, string>, string | undefined]>([
    ['A', { image_description: 'A' }, 'A'],
    ['A', {}, undefined],
    ['x', { ...shared, image_name: 'capi v2' }, 'capi v2'],
    ['capi v1 (1)', { ...shared, internal_version: '1' }, 'capi v1'],
    ['x', shared, undefined],
    ['x', { ...shared, image_updater_definition: 'capi v1', image_name: 'capi v2' }, 'capi v1'],
    ['A', { image_description: 'A', image_updater_definition: 'gone' }, undefined],
  ])('%s with %o is of %s', (name, properties, expected) => {
    const image = new GlanceModel().put({ name, properties }, 'x')
    expect(definitionOf(image, definitions)?.image.name).toBe(expected)
  })
})

describe('isBusy', () => {
  const writer = { run: 'own', now: new Date('2026-11-30T12:00:00Z'), importTimeout: hour }
  it.each<[string, string, string, boolean]>([
    ['a mark of now', 'bringing 2026-11-30T11:59:00Z other', '2026-11-30T11:59:00Z', true],
    ['our own', 'bringing 2026-11-30T11:59:00Z own', '2026-11-30T11:59:00Z', false],
    ['an old one', 'proven 2026-11-30T09:59:00Z other', '2026-11-30T09:59:00Z', false],
    ['an old one that was touched since', 'proven 2026-11-30T09:59:00Z other', '2026-11-30T11:00:00Z', true],
    ['one of a clock that is behind', 'bringing 2026-11-01T00:00:00Z other', '2026-11-30T11:59:00Z', true],
    ['one of a clock that is ahead', 'bringing 2027-11-01T00:00:00Z other', '2026-11-30T09:59:00Z', false],
    ['one that nobody can read', '\u001b[2J', '2026-11-30T09:59:00Z', false],
  ])('%s: %s, changed %s: %s', (_, journal, updated, expected) => {
    const properties = { image_updater_journal: journal }
    const image = new GlanceModel().put({ properties, updatedAt: new Date(updated) })
    expect(isBusy(image, writer)).toBe(expected)
  })
})

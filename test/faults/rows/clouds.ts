import type { ChildProcess } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { cloudEntry } from '../../support/cloud-world.ts'
import { type CloudFault, type FakeRecord, startFakeCloud } from '../../support/fake-cloud.ts'
import { idOf } from '../../support/fake-keystone.ts'
import { startOrigin } from '../../support/origin.ts'
import type { CloudGroup, CloudHolds, CloudRow } from '../cloud-row.ts'
import { type CloudScene, imageName, otherName, password } from '../cloud-scene.ts'
import { always } from './outcomes.ts'

type Kind = CloudFault['on']
type Effect = CloudFault['effect']

/** The run gets over it. */
const survived: CloudHolds = { status: 0, image: 'new' }
/** The image fails, its old version stays, the other one is done. */
const failed = (error: CloudHolds['error'], more: Partial<CloudHolds> = {}): CloudHolds => ({
  status: 1,
  error,
  image: 'old',
  ...more,
})
/** Nothing can be done in the cloud. */
const barred = (error: CloudHolds['error'], more: Partial<CloudHolds> = {}): CloudHolds => ({
  ...failed(error),
  other: 'none',
  ...more,
})
/** The run does not begin. */
const refused = (error: CloudHolds['error'], more: Partial<CloudHolds> = {}): CloudHolds => ({
  ...barred(error, more),
  status: 2,
})

/** As many attempts as usual, with shorter pauses and timeouts. */
const policy = { backoffBase: 5, headersTimeout: 400, idleTimeout: 400, retryAfterCap: 20 }
const soon = ['--import-timeout', '1s']
const day = 24 * 3_600_000
const foreign = idOf('admin')

const answer = (status: number, message?: string): Effect => ({
  type: 'status',
  status,
  ...(message !== undefined && { message }),
})
const ends = (how: 'never' | 'failed' | 'killed' | 'wrong-hash'): Effect => ({ type: 'ends', how })

/** The other image is not in the catalogue: each call is of the first one. */
async function alone({ world, cloud, builds, leaveOurs }: CloudScene): Promise<void> {
  await world.write('ubuntu.yml', [])
  leaveOurs(otherName, builds.other)
  expect(cloud.images()).toHaveLength(2)
}

/** The calls of a kind that are of one image; the first so many pass. */
const at = (
  on: Kind,
  fault: string,
  effect: Effect,
  holds: CloudHolds,
  { times = always, after = 0, ...more }: Partial<CloudRow> & { times?: number; after?: number } = {},
): CloudRow => ({
  fault: `${on}: ${fault}`,
  policy,
  inject: async (scene) => {
    await alone(scene)
    scene.cloud.fault({ on, effect, times, after })
  },
  ...more,
  holds,
})

const kinds = ['list', 'create', 'patch', 'stage', 'import', 'get', 'info'] as const
/** Patches of a bring: of the record that tries the rights, the description, the new name, the old name, the promotion. */
const patches = ['the trial', 'the description', 'the new name', 'the old name', 'the promotion']

const passing: readonly CloudRow[] = [
  ...kinds.flatMap((on) => [
    at(on, '503, once', answer(503), survived, { times: 1 }),
    at(on, 'the connection breaks, once', { type: 'drop' }, survived, { times: 1 }),
    at(on, 'done, but the answer is lost', { type: 'drop', done: true }, survived, { times: 1 }),
  ]),
  ...patches.flatMap((name, after) => [
    at('patch', `the answer to ${name} is lost`, { type: 'drop', done: true }, survived, { times: 1, after }),
  ]),
  at('stage', 'no answer, once', { type: 'stall' }, survived, { times: 1, args: soon }),
  at('delete', '503 when the trial is to be removed, once', answer(503), survived, { times: 1 }),
]

const lasting: readonly CloudRow[] = [
  at('list', '503 for ever', answer(503), barred('CLOUD_FAILED', { other: 'new' })),
  at('create', '503 for ever', answer(503), barred('CLOUD_FAILED', { other: 'new' })),
  at('stage', '503 for ever', answer(503), failed('CLOUD_FAILED')),
  at('import', '503 for ever', answer(503), failed('CLOUD_FAILED')),
  at('get', '503 for ever', answer(503), failed('CLOUD_IMPORT'), { args: soon }),
  at('patch', '503 for ever after the bytes are there', answer(503), failed('CLOUD_FAILED'), { after: 1 }),
  at('stage', '409, for ever', answer(409), failed('CLOUD_CONFLICT')),
  at('import', '409, for ever', answer(409), failed('CLOUD_CONFLICT')),
  at('patch', '409 at the new name', answer(409), failed('CLOUD_CONFLICT', { left: 1 }), { after: 2 }),
  at('patch', '503 for ever at the old name', answer(503), failed('CLOUD_FAILED', { left: 1 }), { after: 3 }),
  at(
    'patch',
    '503 for ever at the promotion',
    answer(503),
    { status: 1, error: 'CLOUD_FAILED', image: 'none', left: 1 },
    { after: 4 },
  ),
  at('stage', '413 of the size of an image', answer(413), failed('CLOUD_QUOTA')),
  at('create', '413 of the number of images', answer(413), barred('CLOUD_QUOTA', { other: 'new' })),
  at('import', 'it fails', ends('failed'), failed('CLOUD_IMPORT')),
  at('import', 'the image is killed', ends('killed'), failed('CLOUD_IMPORT')),
  at('file', 'the image is killed', ends('killed'), failed('CLOUD_IMPORT'), { args: ['--import', 'upload'] }),
  at(
    'import',
    'it never ends',
    ends('never'),
    failed('CLOUD_IMPORT', { says: /was not active within 1 s/ }),
    {
      args: soon,
    },
  ),
  at('file', 'the image stays saving', ends('never'), failed('CLOUD_IMPORT'), {
    args: ['--import', 'upload', ...soon],
  }),
  at('import', 'a web-download never ends', ends('never'), failed('CLOUD_IMPORT'), {
    args: ['--import', 'web-download', ...soon],
  }),
  at('import', 'a web-download fails', ends('failed'), failed('CLOUD_IMPORT'), {
    args: ['--import', 'web-download'],
  }),
  at('import', 'Glance has another digest', ends('wrong-hash'), failed('CLOUD_MISMATCH')),
  at('file', 'Glance has another digest', ends('wrong-hash'), failed('CLOUD_MISMATCH'), {
    args: ['--import', 'upload'],
  }),
  at('import', 'a web-download has another digest', ends('wrong-hash'), failed('CLOUD_MISMATCH'), {
    args: ['--import', 'web-download'],
  }),
  at('stage', 'only half of it arrives', { type: 'half', bytes: 20_000 }, failed('CLOUD_MISMATCH')),
  at('file', 'only half of it arrives', { type: 'half', bytes: 20_000 }, failed('CLOUD_MISMATCH'), {
    args: ['--import', 'upload'],
  }),
]

const settings: readonly CloudRow[] = [
  {
    fault: 'a quota that has room for the other image alone',
    inject: async (scene) => {
      await scene.define({}, [scene.world.build('debian', '20260201').entry])
      scene.cloud.settings.largestImage = Math.max(
        scene.builds.old.bytes.length,
        scene.builds.other.bytes.length,
      )
      expect(scene.builds.new.bytes.length).toBeGreaterThan(scene.cloud.settings.largestImage)
    },
    holds: failed('CLOUD_QUOTA'),
  },
  {
    fault: 'importing is switched off',
    inject: ({ cloud }) => void Object.assign(cloud.settings, { importMethods: [] }),
    holds: survived,
  },
  {
    fault: 'the tasks are forbidden, and an import fails',
    inject: async (scene) => {
      await alone(scene)
      scene.cloud.settings.denied = new Set(['get_tasks'])
      scene.cloud.fault({ on: 'import', effect: ends('failed'), times: always })
    },
    holds: failed('CLOUD_IMPORT'),
  },
  {
    fault: 'the tasks are forbidden, and all is well',
    inject: ({ cloud }) => void Object.assign(cloud.settings, { denied: new Set(['get_tasks']) }),
    holds: survived,
  },
  {
    fault: 'a method of import that is not offered',
    args: ['--import', 'web-download'],
    inject: ({ cloud }) => void Object.assign(cloud.settings, { importMethods: ['glance-direct'] }),
    holds: barred('CLOUD_IMPORT'),
  },
  {
    fault: 'Glance converts images',
    inject: ({ cloud }) => void Object.assign(cloud.settings, { converts: true }),
    holds: {
      ...survived,
      more: ({ cloud, builds }) => {
        const {
          image_updater_checksum: sent,
          image_updater_hash: stored,
          os_hash_value: hash,
        } = cloud.named(imageName)
        expect([sent, stored]).toEqual([builds.new.checksum, `sha512:${hash}`])
      },
    },
  },
]

/** An image of somebody else's project, or of its users. */
const leaveForeign = (
  { cloud, builds }: CloudScene,
  name: string,
  more: Partial<FakeRecord> = {},
): FakeRecord =>
  cloud.leave(
    { name, owner: foreign, visibility: 'public', disk_format: 'qcow2', container_format: 'bare', ...more },
    builds.old.bytes,
  )

/** Nothing of an image has changed. */
const untouched =
  (id: () => string, before: () => FakeRecord) =>
  ({ cloud }: CloudScene): void =>
    expect(cloud.image(id())).toEqual(before())

/** What is there beside ours stays as it is. */
const beside = (
  fault: string,
  leave: (scene: CloudScene) => FakeRecord,
  holds: CloudHolds,
  more: Partial<CloudRow> = {},
): CloudRow => {
  let before: FakeRecord | undefined
  const there = () => structuredClone(before) as FakeRecord
  return {
    fault,
    ...more,
    inject: async (scene) => {
      await more.inject?.(scene)
      before = structuredClone(leave(scene))
    },
    holds: { ...holds, more: untouched(() => there().id, there) },
  }
}

const journal = (step: string, milliseconds: number, { clock }: CloudScene): Partial<FakeRecord> => {
  const time = new Date(Date.now() + clock.ahead - milliseconds).toISOString()
  return {
    image_updater_journal: `${step} ${time} 11111111-2222-4333-8444-555555555555`,
    updated_at: time.replace(/\.\d+Z$/, 'Z'),
    visibility: 'private',
    tags: [],
  }
}

const busy = failed('CLOUD_CONFLICT', { left: 1, says: /Another run \(11111111/ })

const ownership: readonly CloudRow[] = [
  beside(
    "the name is that of somebody else's public image",
    (scene) => {
      scene.cloud.image(scene.old.id)
      Object.assign(scene.cloud.named(imageName), { name: 'Debian 12 (20260101)', os_hidden: true })
      return leaveForeign(scene, imageName)
    },
    { status: 1, error: 'CLOUD_CONFLICT', image: 'none', next: 'same' },
  ),
  beside(
    "a user's snapshot of our image, with all of its properties",
    (scene) => {
      const { id: _, ...inherited } = scene.old
      return scene.cloud.leave(
        {
          ...inherited,
          name: imageName,
          visibility: 'private',
          image_type: 'snapshot',
          base_image_ref: scene.old.id,
        },
        scene.builds.old.bytes,
      )
    },
    survived,
    { args: ['--retire', 'delete', '--yes'] },
  ),
  beside(
    'an image with our tag of a catalogue that is not read',
    (scene) => scene.leaveOurs('Fedora 43', scene.builds.old, { image_updater_definition: 'Fedora 43' }),
    { ...survived, says: /Fedora 43/ },
    { args: ['--retire', 'delete', '--yes'] },
  ),
  beside(
    'an image with our tag of another project',
    (scene) => scene.leaveOurs('Debian 11', scene.builds.old, { owner: foreign }),
    survived,
    { args: ['--retire', 'delete', '--yes'] },
  ),
  beside(
    'another run is at work',
    (scene) =>
      scene.leaveOurs(imageName, scene.builds.new, { name: 'new', ...journal('proven', 60_000, scene) }),
    { ...busy, next: 'new' },
  ),
  {
    fault: 'a mark that is older than twice the time of an import',
    inject: (scene) =>
      void scene.leaveOurs(imageName, scene.builds.new, {
        name: 'new',
        ...journal('proven', 2 * 3_600_000, scene),
      }),
    holds: survived,
  },
  ...[2, -2].flatMap((days): CloudRow[] => [
    {
      fault: `the cloud's clock is two days ${days > 0 ? 'ahead' : 'behind'}`,
      inject: ({ clock }) => {
        clock.ahead = days * day
      },
      holds: survived,
    },
    beside(
      `another run is at work, and the cloud's clock is two days ${days > 0 ? 'ahead' : 'behind'}`,
      (scene) =>
        scene.leaveOurs(imageName, scene.builds.new, { name: 'new', ...journal('proven', 60_000, scene) }),
      { ...busy, next: 'new' },
      {
        inject: ({ clock }) => {
          clock.ahead = days * day
        },
      },
    ),
  ]),
  {
    fault: "the catalogue names the id of somebody else's image that we see",
    inject: async (scene) => {
      const { id } = leaveForeign(scene, 'theirs')
      await scene.define({}, [{ ...scene.builds.new.entry, id }])
    },
    holds: failed('CLOUD_CONFLICT', { next: 'same' }),
  },
  {
    fault: "the catalogue names the id of somebody else's image that we do not see",
    inject: async (scene) => {
      await scene.world.login(scene.cloud.cloudsFile('member'))
      await scene.define({ visibility: 'private' }, [{ ...scene.builds.new.entry, id: hiddenId }])
      await scene.defineOther({ visibility: 'private' })
      leaveForeign(scene, 'theirs', { id: hiddenId, visibility: 'private' })
      Object.assign(scene.cloud.named(imageName), { visibility: 'shared' })
    },
    holds: failed('CLOUD_CONFLICT', { next: 'same', other: 'none' }),
  },
  {
    fault: 'the catalogue names an id that was deleted',
    inject: async (scene) => {
      await alone(scene)
      await scene.define({}, [{ ...scene.builds.new.entry, id: hiddenId }])
      // The first record is the one that tries the rights.
      scene.cloud.fault({ on: 'create', after: 1, times: always, effect: answer(409, 'already exists!') })
    },
    holds: failed('CLOUD_CONFLICT'),
  },
]

const hiddenId = '99999999-0000-4000-8000-000000000000'

/** All tokens are worth nothing any more when a call of this kind comes. */
const revoked = (on: Kind, after = 0): CloudRow => ({
  fault: `the token ends at ${on}${after === 0 ? '' : ` number ${after + 1}`}`,
  inject: async (scene) => {
    await alone(scene)
    const { cloud } = scene
    cloud.fault({ on, after, effect: { type: 'none' }, reached: () => cloud.keystone.revokeAll() })
  },
  holds: survived,
})

/** Keystone's own address leads to another server. */
async function redirectKeystone({ world, cloud, onEnd }: CloudScene, status: number): Promise<void> {
  const trap = await startOrigin()
  onEnd(() => trap.close())
  const way = await startOrigin()
  onEnd(() => way.close())
  for (const path of ['', '/', '/v3', '/v3/', '/v3/auth/tokens'])
    way.fault(`/identity${path}`, { redirect: `${trap.url}/identity${path}`, status, times: always })
  await world.login(cloud.cloudsFile('admin').replace(/http:[^"]*identity\/v3/, `${way.url}/identity/v3`))
  onEnd(() => expect(trap.requests).toEqual([]))
}

const logins: readonly CloudRow[] = [
  {
    fault: 'the password is wrong',
    inject: ({ world, cloud }) => world.login(cloud.cloudsFile('admin').replace(password, 'wrong')),
    holds: barred('CLOUD_AUTH', { says: /"admin"/, next: 'same' }),
  },
  {
    fault: 'nobody listens where Keystone is to be',
    policy,
    inject: ({ world, cloud }) =>
      world.login(cloud.cloudsFile('admin').replace(/127.0.0.1:\d+/, '127.0.0.1:1')),
    holds: barred('CLOUD_UNREACHABLE', { next: 'same' }),
  },
  ...[301, 307].map((status) => ({
    fault: `Keystone redirects to another server (${status})`,
    policy,
    inject: (scene: CloudScene) => redirectKeystone(scene, status),
    holds: refused('CLOUD_CONFIGURATION', { next: 'same', says: /where no login is sent/ }),
  })),
  {
    fault: 'Glance redirects to another server',
    policy,
    inject: ({ cloud }) => cloud.fault({ on: 'any', times: always, effect: answer(302) }),
    holds: barred('CLOUD_FAILED'),
  },
  revoked('list', 1),
  ...(['create', 'stage', 'import', 'patch', 'get', 'delete'] as const).map((on) => revoked(on)),
  revoked('patch', 3),
  revoked('patch', 4),
  {
    fault: 'tokens live for two seconds',
    inject: ({ clock }) => {
      clock.lifetime = 2
    },
    holds: survived,
  },
  {
    fault: 'Glance accepts no token',
    inject: ({ cloud }) => cloud.fault({ on: 'any', times: always, effect: answer(401) }),
    holds: barred('CLOUD_AUTH'),
  },
  {
    fault: 'a reader alone',
    inject: ({ world, cloud }) => world.login(cloud.cloudsFile('reader')),
    holds: barred('CLOUD_DENIED', { next: 'same' }),
  },
  {
    fault: 'nobody may make an image public: private ones go on',
    inject: async (scene) => {
      await scene.world.login(scene.cloud.cloudsFile('member'))
      await scene.defineOther({ visibility: 'private' })
    },
    holds: failed('CLOUD_DENIED', {
      says: /publicize_image/,
      other: 'none',
      next: 'same',
      more: ({ cloud, builds }) =>
        expect(cloud.bytes(cloud.named(otherName).id).equals(builds.other.bytes)).toBe(true),
    }),
  },
  {
    fault: 'a clouds.yaml that merely lies in the working folder, named by --cloud',
    inject: (scene) => inFolder(scene),
    holds: { ...survived, says: /stranger\/clouds\.yaml, in the working folder/ },
  },
  {
    fault: 'a clouds.yaml that merely lies in the working folder, not named by --cloud',
    inject: async (scene) => {
      await inFolder(scene)
      Object.assign(scene.env, { OS_CLOUD: 'fake' })
      scene.unnamed = true
    },
    holds: refused('CLOUD_CONFIGURATION', { says: /merely lies in the working folder/ }),
  },
]

async function inFolder(scene: CloudScene): Promise<void> {
  scene.cwd = join(scene.world.home, 'stranger')
  await mkdir(scene.cwd)
  await writeFile(join(scene.cwd, 'clouds.yaml'), await readFile(scene.world.cloudsFile), { mode: 0o600 })
  Object.assign(scene.env, { OS_CLIENT_CONFIG_FILE: '' })
}

/** Users see the old image, and it can be booted, whatever is wrong with the catalogue. */
const cataloguing = (fault: string, text: string, error: CloudHolds['error']): CloudRow => ({
  fault,
  args: ['--retire', 'delete', '--yes'],
  inject: async ({ world, define }) => {
    await define({})
    const before = await world.read('debian.yml')
    const [from = '', to = ''] = text.split(' → ')
    expect(before).toMatch(new RegExp(from))
    await writeFile(join(world.folder, 'debian.yml'), before.replace(new RegExp(from), to))
  },
  holds: failed(error, { next: 'same' }),
})

const mistakes: readonly CloudRow[] = [
  cataloguing('a version that is a number', 'version: "20260201" → version: 1.11', 'CATALOG_TYPE'),
  cataloguing('a checksum that is none', 'checksum: sha256:.* → checksum: sha256:12', 'CATALOG_TYPE'),
  cataloguing('no checksum', 'checksum: sha256:.* → other: x', 'CATALOG_TYPE'),
  cataloguing('no visibility', 'visibility: public → visibilty: public', 'CATALOG_TYPE'),
  cataloguing('a validity that is none', 'uuid_validity: last-3 → uuid_validity: last-0', 'CATALOG_TYPE'),
  cataloguing('a file that is no YAML', 'images: → images: [', 'CATALOG_SYNTAX'),
  cataloguing('versions that are no list', 'versions: → versions: 3\n    others:', 'CATALOG_TYPE'),
  {
    fault: 'a file that cannot be read',
    args: ['--retire', 'delete', '--yes'],
    inject: async ({ world }) => {
      await writeFile(join(world.folder, 'debian.yml'), Buffer.of(0xff, 0xfe, 0, 0xd8))
    },
    holds: failed('CATALOG_UNREADABLE', { next: 'same' }),
  },
  {
    fault: 'two files that define an image of one name',
    args: ['--retire', 'delete', '--yes'],
    inject: ({ world, builds }) => world.write('again.yml', [cloudEntry(imageName, [builds.old.entry])]),
    holds: failed('CLOUD_CONFLICT', { next: 'same' }),
  },
]

/** What Glance says of an image is not so. */
const lies = (
  fault: string,
  on: Kind,
  change: (body: Record<string, unknown>) => unknown,
  holds: CloudHolds,
): CloudRow => at(on, fault, { type: 'answer', change }, holds, { times: always })

const lying: readonly CloudRow[] = [
  lies(
    'another image is answered',
    'create',
    (body) => ({ ...body, id: hiddenId }),
    barred('CLOUD_FAILED', { other: 'new', left: 1 }),
  ),
  lies('another image is answered', 'get', (body) => ({ ...body, id: hiddenId }), failed('CLOUD_FAILED')),
  lies(
    'another name is answered',
    'create',
    (body) => ({ ...body, name: 'x\u001b[2J' }),
    barred('CLOUD_FAILED', { other: 'new', left: 1 }),
  ),
  lies('no JSON', 'list', () => '<html>Log in</html>', barred('CLOUD_FAILED', { other: 'new' })),
  lies(
    'no image is one',
    'list',
    () => ({ images: [{ id: '../../v3' }] }),
    barred('CLOUD_FAILED', { other: 'new' }),
  ),
  lies(
    'a digest that is none',
    'get',
    (body) => ({ ...body, os_hash_value: 'x'.repeat(128) }),
    failed('CLOUD_FAILED'),
  ),
  lies(
    'no digest',
    'get',
    (body) => ({ ...body, os_hash_value: null, os_hash_algo: null }),
    failed('CLOUD_MISMATCH'),
  ),
  lies(
    'another size',
    'get',
    (body) => (body.status === 'active' ? { ...body, size: 1 } : body),
    failed('CLOUD_MISMATCH'),
  ),
  {
    fault: 'a list that never ends',
    inject: ({ cloud }) => void Object.assign(cloud.settings, { endless: true }),
    holds: barred('CLOUD_FAILED', { says: /more than 50000 images/ }),
  },
  {
    fault: 'names with control characters, in the list and in what is retired',
    args: ['--retire', 'delete', '--yes'],
    inject: ({ cloud, old, builds, leaveOurs }) => {
      const name = 'Debian 12\u001b[2J\u009b31m\u202e'
      leaveOurs(imageName, builds.old, { name, internal_version: 'a\u001b]0;b\u0007' })
      leaveOurs('Fedora\r\n43', builds.old, { image_updater_definition: 'Fedora\r\n43' })
      expect(cloud.image(old.id)).toBeDefined()
    },
    holds: survived,
  },
  {
    fault: 'the digest of an image changes after its proof',
    inject: async (scene) => {
      await alone(scene)
      const { builds, cloud, leaveOurs, old } = scene
      const hash = `sha512:${'0'.repeat(128)}`
      leaveOurs(imageName, builds.new, { image_updater_hash: hash })
      Object.assign(cloud.image(old.id) ?? {}, { name: 'Debian 12 (20260101)', os_hidden: true })
    },
    holds: {
      ...survived,
      says: /other-bytes/,
      more: ({ cloud, builds }) => {
        const { id, image_updater_hash: hash, os_hash_value: value } = cloud.named(imageName)
        expect([hash, cloud.bytes(id).equals(builds.new.bytes)]).toEqual([`sha512:${value}`, true])
        expect(cloud.images().map(({ name }) => name)).toContain('Debian 12 (20260201)')
      },
    },
  },
]

const gate = (fault: string, command: string, holds: CloudHolds, more: Partial<CloudRow> = {}): CloudRow => ({
  fault: `a gate ${fault}`,
  args: ['--gate', command],
  inject: alone,
  holds,
  ...more,
})

const hostileName = `Debian 12'; touch pwned; $(touch pwned) \`touch pwned\` "`

const gates: readonly CloudRow[] = [
  gate('that passes, and is told what it is', 'cat >facts.json; test -n "$IMAGE_ID"', {
    ...survived,
    more: async ({ world, cloud, builds }) => {
      const facts = JSON.parse(await readFile(join(world.home, 'facts.json'), 'utf8'))
      const { id } = cloud.named(imageName)
      expect(facts).toMatchObject({
        cloud: 'fake',
        id,
        name: imageName,
        version: '20260201',
        size: builds.new.bytes.length,
      })
    },
  }),
  gate('that refuses', 'exit 3', failed('CLOUD_GATE', { left: 1 })),
  gate('that does not end', 'sleep 1000', failed('CLOUD_GATE', { left: 1 }), {
    args: ['--gate', 'sleep 1000', '--gate-timeout', '1s'],
  }),
  gate('that is not there', '/nowhere/gate', failed('CLOUD_GATE', { left: 1 })),
  gate(
    'that prints a secret of a terminal',
    String.raw`printf '\033[2J\n'; exit 1`,
    failed('CLOUD_GATE', { left: 1 }),
  ),
  {
    fault: 'a gate that is told of hostile names',
    args: ['--gate', 'cat >/dev/null; echo "$IMAGE_ID"'],
    inject: async (scene) => {
      await alone(scene)
      await scene.world.write('more.yml', [
        cloudEntry(hostileName, [{ ...scene.builds.other.entry, version: '$(touch pwned)' }], {
          shortname: ';touch pwned',
        }),
      ])
    },
    holds: {
      ...survived,
      more: async ({ world, cloud }) => {
        expect(await readdir(world.home)).not.toContain('pwned')
        expect(cloud.named(hostileName).status).toBe('active')
      },
    },
  },
]

const internal = 'http://169.254.169.254/latest/meta-data'

const sources: readonly CloudRow[] = [
  ...['web-download', 'auto'].map(
    (method): CloudRow => ({
      fault: `${method} of an address that is nobody's business`,
      policy,
      args: ['--import', method],
      inject: (scene) => scene.define({}, [{ ...scene.builds.new.entry, mirror_url: internal }]),
      holds: failed('HTTP_URL', {
        next: 'same',
        more: ({ cloud }) =>
          expect(JSON.stringify(cloud.calls.map(({ body }) => body))).not.toContain('169.254'),
      }),
    }),
  ),
  {
    fault: 'the bytes at the source are other ones',
    policy,
    inject: ({ world, builds }) => world.origin.put(builds.new.path, builds.old.bytes),
    holds: failed('DIGEST_MISMATCH', { next: 'same' }),
  },
  {
    fault: 'the bytes at the source are other ones, by web-download',
    policy,
    args: ['--import', 'web-download'],
    inject: ({ world, builds }) => world.origin.put(builds.new.path, builds.old.bytes),
    holds: failed('DIGEST_MISMATCH', { next: 'same' }),
  },
  {
    fault: 'the source breaks off, once',
    policy,
    inject: ({ world, builds }) => world.origin.fault(builds.new.path, { dropAfter: 20_000 }),
    holds: survived,
  },
  {
    fault: 'the source breaks off for ever',
    policy,
    inject: ({ world, builds }) => world.origin.fault(builds.new.path, { dropAfter: 0, times: always }),
    holds: failed('HTTP_NETWORK', { next: 'same' }),
  },
  {
    fault: 'the mirror has lost the object: the distribution has it',
    policy,
    inject: (scene) =>
      scene.define({}, [{ ...scene.builds.new.entry, mirror_url: `${scene.world.origin.url}/lost.qcow2` }]),
    holds: { ...survived, says: /The mirror does not give/ },
  },
  {
    fault: 'Glance converts images, and downloads by itself',
    args: ['--import', 'web-download'],
    inject: async (scene) => {
      await alone(scene)
      Object.assign(scene.cloud.settings, { converts: true })
    },
    holds: failed('CLOUD_MISMATCH', { says: /was converted to raw/ }),
  },
]

/** A second cloud, which is named first. */
const second = (
  fault: string,
  harm: (scene: CloudScene, slow: Awaited<ReturnType<typeof startFakeCloud>>) => void,
  holds: CloudHolds,
  more: Partial<CloudRow> = {},
): CloudRow => ({
  fault,
  policy,
  args: ['--cloud', 'slow'],
  ...more,
  inject: async (scene) => {
    const slow = await startFakeCloud()
    scene.onEnd(() => slow.close())
    const [{ clouds: first }, { clouds: other }] = [
      scene.cloud.cloudsFile('admin'),
      slow.cloudsFile('admin'),
    ].map((text) => JSON.parse(text)) as [{ clouds: { fake: object } }, { clouds: { fake: object } }]
    await scene.world.login(JSON.stringify({ clouds: { fake: first.fake, slow: other.fake } }))
    harm(scene, slow)
  },
  holds,
})

const several: readonly CloudRow[] = [
  second(
    'one of two clouds does not answer',
    (_, slow) => slow.fault({ on: 'any', times: always, effect: { type: 'stall' } }),
    { status: 1, error: 'CLOUD_UNREACHABLE', image: 'new' },
  ),
  second(
    'one of two clouds takes no image',
    (_, slow) => slow.fault({ on: 'stage', times: always, effect: answer(413) }),
    { status: 1, error: 'CLOUD_QUOTA', image: 'new' },
  ),
]

const send = async (scene: CloudScene, child: ChildProcess): Promise<void> => {
  await scene.reached
  child.kill('SIGTERM')
}

const stopped = (
  on: Kind,
  after: number,
  effect: Effect,
  image: 'old' | 'new',
  more: Partial<CloudHolds> = {},
): CloudRow => ({
  fault: `SIGTERM at ${on}${on === 'patch' ? ` of ${patches[after]}` : ''}`,
  inject: async (scene) => {
    await alone(scene)
    scene.cloud.fault({ on, after, effect, reached: scene.reach, times: on === 'patch' ? 1 : always })
  },
  during: send,
  // What was promoted is published: the report says so.
  holds: { status: 143, image, other: 'new', error: image === 'new' ? [] : 'ABORTED', ...more },
})

const signals: readonly CloudRow[] = [
  stopped('list', 0, { type: 'stall' }, 'old'),
  stopped('create', 0, { type: 'stall' }, 'old'),
  stopped('stage', 0, { type: 'stall' }, 'old'),
  stopped('import', 0, ends('never'), 'old'),
  stopped('patch', 2, { type: 'none' }, 'new'),
  stopped('patch', 3, { type: 'none' }, 'new'),
  stopped('patch', 4, { type: 'none' }, 'new'),
]

const retirements: readonly CloudRow[] = [
  { fault: 'deletion without --yes', args: ['--retire', 'delete'], holds: refused('CONFIGURATION') },
  {
    fault: 'deletion after days without --yes',
    args: ['--delete-after', '1d'],
    holds: refused('CONFIGURATION'),
  },
  {
    fault: 'more images to be retired than a run retires by itself',
    inject: async (scene) => {
      const names = Array.from({ length: 7 }, (_, at) => `Alma ${at}`)
      for (const name of names) scene.leaveOurs(name, scene.builds.old)
      await scene.world.write(
        'alma.yml',
        names.map((name) => cloudEntry(name, [scene.builds.old.entry], { enable: false })),
      )
    },
    holds: {
      status: 1,
      error: 'CLOUD_BRAKE',
      image: 'new',
      next: 'same',
      more: ({ cloud }) =>
        expect(cloud.images().filter(({ name, os_hidden }) => name?.startsWith('Alma') && os_hidden)).toEqual(
          [],
        ),
    },
  },
  ...[
    ['is in use', ({ cloud, old }: CloudScene) => (cloud.settings.inUse = new Set([old.id])), /in use/],
    [
      'is protected',
      ({ cloud, old }: CloudScene) => Object.assign(cloud.image(old.id) ?? {}, { protected: true }),
      /./,
    ],
  ].map(
    ([word, inject, says]): CloudRow => ({
      fault: `an image that is to be deleted ${word}`,
      args: ['--retire', 'delete', '--yes'],
      inject: async (scene) => {
        await scene.define({ meta: { uuid_validity: 'none' } })
        ;(inject as (scene: CloudScene) => void)(scene)
      },
      holds: {
        ...survived,
        says: says as RegExp,
        more: ({ cloud, old }) =>
          expect(cloud.image(old.id)).toMatchObject({
            name: 'Debian 12 (20260101)',
            os_hidden: true,
            status: 'active',
          }),
      },
    }),
  ),
  {
    fault: 'an image that is to be deleted may not be',
    args: ['--retire', 'delete', '--yes'],
    policy,
    inject: async (scene) => {
      await alone(scene)
      await scene.define({ meta: { uuid_validity: 'none' } })
      scene.cloud.fault({ on: 'delete', id: scene.old.id, times: always, effect: answer(403) })
    },
    holds: { status: 1, error: 'CLOUD_DENIED', image: 'new' },
  },
]

const given: readonly CloudRow[] = [
  {
    fault: 'the upload of an image of a given id fails: the next run fills the record',
    policy,
    inject: async (scene) => {
      await alone(scene)
      await scene.define({}, [{ ...scene.builds.new.entry, id: hiddenId }])
      scene.cloud.fault({ on: 'file', times: always, effect: { type: 'drop' } })
    },
    holds: failed('CLOUD_UNREACHABLE', {
      left: 1,
      more: ({ cloud }) => expect(cloud.image(hiddenId)?.status).toBe('queued'),
    }),
  },
]

export const clouds: CloudGroup = {
  name: 'Clouds',
  rows: [
    { fault: 'none', holds: survived },
    ...passing,
    ...lasting,
    ...settings,
    ...ownership,
    ...logins,
    ...mistakes,
    ...lying,
    ...gates,
    ...sources,
    ...several,
    ...signals,
    ...retirements,
    ...given,
  ],
}

import { execFileSync } from 'node:child_process'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startS3Server } from '../../support/s3-server.ts'
import { objectOf } from '../../support/world/whole.ts'
import type { Group, Holds, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { always, failed, impatient, refused, survived } from './outcomes.ts'

type Fault = Parameters<Scene['store']['fault']>[0]
type Effect = Fault['effect']
type Operation = Exclude<Fault['on'], readonly unknown[] | 'any'>

const error = (status: number, code: string): Effect => ({ type: 'error', status, code })
const drop: Effect = { type: 'drop' }

/** A fault of the operations on the image's own object. */
const at = (
  on: Operation,
  fault: string,
  effect: Effect,
  holds: Holds,
  { times = 1, ...more }: Partial<Row> & { times?: number } = {},
): Row => ({
  fault: `${on}: ${fault}`,
  inject: ({ store, image }) => store.fault({ on, key: objectOf(image), effect, times }),
  ...more,
  holds,
})

/** A fault of the operations on the bucket, before anything is transferred. */
const atStart = (on: Operation, fault: string, effect: Effect, holds: Holds, times = always): Row => ({
  fault: `${on}: ${fault}`,
  policy: impatient,
  inject: ({ store }) => store.fault({ on, effect, times }),
  holds,
})

/** The keys of the store come from a program. */
export async function credentialsBy({ env, home }: Scene, program: string): Promise<void> {
  const file = join(home, 'aws-config')
  await writeFile(file, `[default]\ncredential_process = ${program}\n`)
  Object.assign(env, { ...noKeys, AWS_CONFIG_FILE: file })
}

const noKeys = { MINIO_ACCESS_KEY: '', MINIO_SECRET_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' }

const pipeAs = (name: string): Row => ({
  fault: `${name} is a pipe that nobody writes to`,
  inject: ({ env, home }) => {
    const pipe = join(home, 'pipe')
    execFileSync('mkfifo', [pipe])
    Object.assign(env, { ...noKeys, AWS_ROLE_ARN: 'arn:aws:iam::1:role/r', [name]: pipe })
  },
  holds: { ...refused('STORE_CREDENTIALS'), says: /pipe, which is to hold credentials, is no file/ },
})

const tokenAs = (what: string, make: (path: string) => unknown, says: RegExp): Row => ({
  fault: `web_identity_token_file of a profile is ${what}`,
  inject: async ({ env, home }) => {
    const [token, config] = [join(home, 'token'), join(home, 'config')]
    make(token)
    await writeFile(
      config,
      `[default]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = ${token}\n`,
    )
    Object.assign(env, { ...noKeys, AWS_CONFIG_FILE: config })
  },
  holds: { ...refused('STORE_CREDENTIALS'), says },
})

/** A listing that says of each page that it is not the last one, and goes on at one of so many places. */
const pages = (places: number): Effect => {
  let page = 0
  return {
    type: 'answer',
    status: 200,
    body: () => {
      const marker = `<NextKeyMarker>k${page++ % places}</NextKeyMarker>`
      return `<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>${marker}</ListMultipartUploadsResult>`
    },
  }
}

const onObject: readonly Operation[] = [
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'HeadObject',
]

const passing: readonly Row[] = [
  ...onObject.flatMap((on) => [
    at(on, '503 SlowDown, twice', error(503, 'SlowDown'), survived, { times: 2 }),
    at(on, 'the connection breaks, once', drop, survived),
  ]),
  {
    fault: 'CreateMultipartUpload: 403 AccessDenied for what tells the packed file of an image',
    image: 'appliance',
    inject: ({ store, image }) =>
      store.fault({
        on: 'CreateMultipartUpload',
        key: `${objectOf(image)}.source.json`,
        effect: error(403, 'AccessDenied'),
        times: always,
      }),
    holds: { ...survived, says: /could not be written beside it/ },
  },
  at('UploadPart', '500 InternalError, twice', error(500, 'InternalError'), survived, { times: 2 }),
  at('UploadPart', '400 RequestTimeout, once', error(400, 'RequestTimeout'), survived),
  at('UploadPart', 'expired credentials, once', error(400, 'ExpiredToken'), survived),
  at('UploadPart', 'no answer, once', { type: 'stall' }, survived, { policy: impatient }),
  at('UploadPart', 'the answer breaks off', { type: 'cut' }, survived),
  at('CompleteMultipartUpload', 'an error inside of a success, once', error(200, 'InternalError'), survived),
  at('CompleteMultipartUpload', 'done, but the answer is lost', { type: 'drop', done: true }, survived),
  at('CompleteMultipartUpload', 'done, but no answer comes', { type: 'stall', done: true }, survived, {
    policy: impatient,
  }),
  at(
    'CreateMultipartUpload',
    'done, but the answer is lost',
    { type: 'drop', done: true },
    {
      ...survived,
      uploads: 1,
    },
  ),
  at(
    'DeleteObject',
    'the temporary object cannot be removed',
    error(403, 'AccessDenied'),
    {
      ...survived,
      staging: 1,
      says: /temporary object .* could not be removed/,
    },
    { image: 'appliance', times: always },
  ),
]

const final: readonly Row[] = [
  at(
    'CompleteMultipartUpload',
    'an error inside of a success, always',
    error(200, 'InternalError'),
    failed('STORE_FAILED'),
    { times: always },
  ),
  at('CompleteMultipartUpload', '403 QuotaExceeded', error(403, 'QuotaExceeded'), failed('STORE_FAILED'), {
    times: always,
  }),
  at('CompleteMultipartUpload', '403 AccessDenied', error(403, 'AccessDenied'), failed('STORE_DENIED'), {
    times: always,
  }),
  at('CreateMultipartUpload', '403 AccessDenied', error(403, 'AccessDenied'), failed('STORE_DENIED'), {
    times: always,
  }),
  at(
    'CreateMultipartUpload',
    '501 to the access control list',
    error(501, 'NotImplemented'),
    { ...failed('STORE_FAILED'), says: /--acl \\?"\\?"/ },
    { times: always },
  ),
  at(
    'UploadPart',
    '413 of a proxy',
    { type: 'answer', status: 413, body: '<html>413 Request Entity Too Large</html>' },
    { ...failed('STORE_FAILED'), says: /client_max_body_size/ },
    { times: always },
  ),
  at('UploadPart', '403 AccessDenied', error(403, 'AccessDenied'), failed('STORE_DENIED'), { times: always }),
  at('UploadPart', 'credentials expire for good', error(400, 'ExpiredToken'), failed('STORE_CREDENTIALS'), {
    times: always,
  }),
  at(
    'UploadPart',
    'the answer holds no ETag',
    { type: 'answer', status: 200, body: '' },
    failed('STORE_FAILED'),
    { times: always },
  ),
  at('UploadPart', 'the connection breaks, always', drop, failed('STORE_UNREACHABLE'), {
    times: always,
    policy: impatient,
  }),
  at('UploadPart', 'no answer, always', { type: 'stall' }, failed('STORE_UNREACHABLE'), {
    times: always,
    policy: { ...impatient, retries: 0 },
  }),
  at('UploadPartCopy', '403 AccessDenied', error(403, 'AccessDenied'), failed('STORE_DENIED'), {
    image: 'appliance',
    times: always,
  }),
  at('HeadObject', '500, always', error(500, 'InternalError'), survived, {
    times: always,
    policy: impatient,
  }),
  {
    ...at('AbortMultipartUpload', 'denied after a wrong digest', error(403, 'AccessDenied'), {
      ...failed('DIGEST_MISMATCH'),
      uploads: 2,
    }),
    inject: (scene) => {
      scene.replace('other bytes')
      const key = objectOf(scene.image)
      scene.store.fault({
        on: 'AbortMultipartUpload',
        key,
        effect: error(403, 'AccessDenied'),
        times: always,
      })
    },
  },
]

/** A reader without credentials, as the cloud's own users are. */
const readers: readonly Row[] = [
  at(
    'PublicRead',
    '403',
    error(403, 'AccessDenied'),
    { ...failed('PUBLIC_UNREADABLE'), object: true },
    { times: always },
  ),
  at(
    'PublicRead',
    '401, as Swift answers',
    error(401, 'Unauthorized'),
    { ...failed('PUBLIC_UNREADABLE'), object: true, says: /swift post.*put-object-acl/ },
    { times: always },
  ),
  at('PublicRead', '404, twice', error(404, 'NoSuchKey'), survived, { times: 2 }),
  at(
    'PublicRead',
    '404, always',
    error(404, 'NoSuchKey'),
    { ...failed('PUBLIC_UNREADABLE'), object: true },
    { times: always },
  ),
  at(
    'PublicRead',
    '409, as Swift answers for segments',
    error(409, 'Conflict'),
    { ...failed('PUBLIC_UNREADABLE'), object: true, says: /\+segments/ },
    { times: always },
  ),
  at('PublicRead', '503, once', error(503, 'SlowDown'), survived),
  at(
    'PublicRead',
    'another length',
    { type: 'answer', status: 200, body: 'short' },
    { ...failed('PUBLIC_MISMATCH'), object: true },
    { times: always },
  ),
  {
    fault: 'PublicRead: other bytes of the same length',
    inject: ({ store, image }) => {
      const body = 'x'.repeat(image.newest.stored.length)
      const effect: Effect = { type: 'answer', status: 200, body }
      store.fault({ on: 'PublicRead', key: objectOf(image), effect, times: always })
    },
    holds: { ...failed('PUBLIC_MISMATCH'), object: true },
  },
  {
    fault: 'PublicRead: other bytes behind the right beginning, with --verify full',
    args: ['--verify', 'full'],
    inject: ({ store, image }) => {
      const body = 'x'.repeat(image.newest.stored.length)
      const effect: Effect = { type: 'answer', status: 200, body }
      store.fault({ on: 'PublicRead', key: objectOf(image), effect, after: 1, times: always })
    },
    holds: { ...failed('PUBLIC_MISMATCH'), object: true },
  },
  {
    fault: 'PublicRead: objects are private',
    args: ['--acl', 'private'],
    holds: { ...failed('PUBLIC_UNREADABLE'), other: 'old', says: /Nothing is transferred, since nobody/ },
  },
  {
    fault: 'CreateMultipartUpload: 403 AccessDenied for what is stored to be asked for',
    inject: ({ store }) =>
      store.fault({
        on: 'CreateMultipartUpload',
        key: 'image-updater-probe-',
        effect: error(403, 'AccessDenied'),
        times: always,
      }),
    holds: survived,
  },
  {
    fault: 'DeleteObject: 403 AccessDenied for what was stored to be asked for',
    inject: ({ store }) =>
      store.fault({
        on: 'DeleteObject',
        key: 'image-updater-probe-',
        effect: error(403, 'AccessDenied'),
        times: always,
      }),
    holds: {
      ...survived,
      says: /image-updater-probe-\w+\.qcow2 could not be removed and is left to a later run/,
    },
  },
  {
    fault: 'PublicRead: nobody listens',
    policy: impatient,
    args: ['--mirror-base-url', 'http://127.0.0.1:1/mirror'],
    holds: { ...failed('PUBLIC_UNREADABLE'), other: 'old', says: /connection was refused/ },
  },
]

const beginnings: readonly Row[] = [
  atStart('ListObjects', '403 AccessDenied', error(403, 'AccessDenied'), refused('STORE_DENIED')),
  atStart('ListObjects', 'expired credentials', error(400, 'ExpiredToken'), refused('STORE_CREDENTIALS')),
  atStart(
    'ListObjects',
    'the bucket is in another region',
    error(301, 'PermanentRedirect'),
    refused('STORE_FAILED'),
  ),
  atStart(
    'ListObjects',
    'a web page',
    { type: 'answer', status: 200, body: '<!doctype html>' },
    refused('STORE_FAILED'),
  ),
  atStart('ListObjects', 'no answer', { type: 'stall' }, refused('STORE_UNREACHABLE')),
  atStart('ListObjects', 'the connection breaks, once', drop, survived, 1),
  atStart(
    'ListObjects',
    'terminal escapes and line breaks in a message',
    {
      type: 'error',
      status: 403,
      code: 'Odd',
      message: '\u001b[2J\u001b]0;owned\u0007\r\n2026-01-01 00:00:00 | ERROR    | update - forged \u202e',
    },
    { ...refused('STORE_FAILED'), says: /\\u\{1b\}\[2J/ },
  ),
  atStart('ListMultipartUploads', 'not known to this server', error(501, 'NotImplemented'), survived),
  atStart('ListMultipartUploads', 'denied', error(403, 'AccessDenied'), {
    ...survived,
    says: /Unfinished uploads could not be looked for/,
  }),
  {
    ...atStart('ListMultipartUploads', 'pages without end', pages(1e9), {
      ...survived,
      says: /says that 5 pages are not all/,
    }),
    policy: { listPages: 5 },
  },
  atStart('ListMultipartUploads', 'pages in a circle', pages(3), {
    ...survived,
    says: /says that there is more, but not where it goes on/,
  }),
  {
    fault: 'a credential_process gives none',
    policy: { credentialsTimeout: 300 },
    inject: (scene) => credentialsBy(scene, 'sleep 1000'),
    holds: { ...refused('STORE_CREDENTIALS'), says: /were not there within 0\.3 s/ },
  },
  {
    fault: 'a service that gives credentials byte by byte, for ever',
    policy: { credentialsTimeout: 1000 },
    inject: ({ env, origin }) => {
      origin.put('/credentials', { body: ' '.repeat(100_000) })
      origin.fault('/credentials', { trickle: { bytes: 1, milliseconds: 20 }, times: always })
      Object.assign(env, { ...noKeys, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin.url}/credentials` })
    },
    holds: { ...refused('STORE_CREDENTIALS'), says: /were not there within 1 s/ },
  },
  ...['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'].map(pipeAs),
  tokenAs(
    'a pipe that nobody writes to',
    (path) => execFileSync('mkfifo', [path]),
    /token, which is to hold credentials, is no file/,
  ),
  tokenAs(
    'a link to a device',
    (path) => symlinkSync('/dev/zero', path),
    /token, which is to hold credentials, is no file/,
  ),
  tokenAs(
    'as long as an image',
    (path) => writeFileSync(path, Buffer.alloc(2 ** 21)),
    /has more than 1048576 bytes/,
  ),
  {
    fault: 'a token of single sign-on is a pipe that nobody writes to',
    inject: async ({ env, home }) => {
      await mkdir(join(home, '.aws/sso/cache'), { recursive: true })
      execFileSync('mkfifo', [join(home, '.aws/sso/cache/a.json')])
      Object.assign(env, noKeys)
    },
    holds: { ...refused('STORE_CREDENTIALS'), says: /a\.json, which is to hold credentials, is no file/ },
  },
  {
    fault: 'the secret key is wrong',
    inject: ({ env }) => void Object.assign(env, { MINIO_SECRET_KEY: 'a-wrong-secret' }),
    holds: { ...refused('STORE_CREDENTIALS'), says: /^(?!.*a-wrong-secret)/s },
  },
  {
    fault: 'there are no credentials',
    inject: ({ env }) =>
      void Object.assign(env, {
        MINIO_ACCESS_KEY: '',
        MINIO_SECRET_KEY: '',
        AWS_EC2_METADATA_DISABLED: 'true',
      }),
    holds: refused('STORE_CREDENTIALS'),
  },
  { fault: 'the bucket does not exist', args: ['--minio-bucket', 'nowhere'], holds: refused('STORE_BUCKET') },
  {
    fault: 'nobody listens',
    policy: impatient,
    args: ['--minio-server', 'http://127.0.0.1:1'],
    holds: refused('STORE_UNREACHABLE'),
  },
  {
    fault: 'the clocks differ by an hour',
    inject: async (scene) => {
      await scene.store.close()
      scene.store = await startS3Server({ skew: 3_600_000 })
    },
    holds: { ...refused('STORE_CREDENTIALS'), says: /clock/ },
  },
  {
    fault: 'leftovers of a run that was killed two days ago',
    inject: async (scene) => {
      const { store, image } = scene
      const key = objectOf(image)
      await store.leave({ key: 'image-updater-probe-0123456789ab.qcow2' })
      await begunHere(scene, key, await store.leave({ key, upload: true }))
      await store.leave({ key: `${key}.0123456789ab.upload` })
      await store.leave({ key: 'others/notes.txt', upload: true })
      await store.leave({ key: 'others/notes.upload' })
      store.age(48 * 3_600_000)
    },
    holds: {
      ...survived,
      uploads: 1,
      staging: 1,
      says: /Removed 3 unfinished uploads/,
      more: ({ store }) => {
        expect(store.objects().map(({ key }) => key)).not.toContain('image-updater-probe-0123456789ab.qcow2')
        expect(store.uploads().map(({ key }) => key)).toEqual(['others/notes.txt'])
      },
    },
  },
  {
    fault: 'uploads of others, two days old, to keys like ours',
    inject: async (scene) => {
      const { store, image } = scene
      const key = objectOf(image)
      await store.leave({ key, upload: true })
      await store.leave({ key: key.replace(/\d{8}/, '20200101'), upload: true })
      await begunHere(scene, key, 'another-id')
      store.age(48 * 3_600_000)
    },
    holds: {
      ...survived,
      uploads: 2,
      says: /2 unfinished uploads \(one of [^)]*\) are older than a day and left: this machine does not/,
    },
  },
  {
    fault: 'uploads of others, where what this machine remembers is of a newer version',
    inject: async (scene) => {
      const { store, image } = scene
      await store.leave({ key: objectOf(image), upload: true })
      await begunHere(scene, objectOf(image), 'another-id', 2)
      store.age(48 * 3_600_000)
    },
    holds: {
      ...survived,
      uploads: 1,
      says: /upload-0\.json does not count: it has the format 2, and this version reads 1/,
      more: ({ home }) => {
        expect(existsSync(join(home, 'state/image-updater/upload-0.json'))).toBe(true)
      },
    },
  },
  {
    fault: 'an object of another origin has the key',
    inject: async ({ store, image }) => void (await store.leave({ key: objectOf(image) })),
    holds: survived,
  },
]

/** This machine remembers an upload that it began two days ago. */
async function begunHere({ home, env, store }: Scene, key: string, id: string, format = 1): Promise<void> {
  const begun = new Date(Date.now() - 48 * 3_600_000).toISOString()
  const value = { server: new URL(store.endpoint).host, bucket: 'openstack-images', key, begun, id }
  env.XDG_STATE_HOME = join(home, 'state')
  await mkdir(join(home, 'state/image-updater'), { recursive: true })
  await writeFile(join(home, 'state/image-updater/upload-0.json'), JSON.stringify({ format, value }))
}

export const store: Group = { name: 'Object store', rows: [...passing, ...final, ...readers, ...beginnings] }

import { type Certificate, makeCertificate } from '../../support/certificate.ts'
import { startOrigin } from '../../support/origin.ts'
import { startProxy } from '../../support/proxy.ts'
import { imageOf } from '../../support/world/published.ts'
import type { Group, Holds, Row } from '../row.ts'
import { lastModified, type Scene } from '../scene.ts'
import { always, failed, impatient, survived } from './outcomes.ts'

type Fault = Parameters<Scene['origin']['fault']>[1]

const onManifest = (fault: string, effect: Fault, holds: Holds, more: Partial<Row> = {}): Row => ({
  fault: `the manifest: ${fault}`,
  inject: ({ origin, paths }) => origin.fault(paths.manifest, effect),
  holds,
  ...more,
})
const onImage = (fault: string, effect: Fault, holds: Holds, more: Partial<Row> = {}): Row => ({
  fault: `the image: ${fault}`,
  inject: ({ origin, paths }) => origin.fault(paths.image, {}, effect),
  holds,
  ...more,
})

/** The image's file and its manifest seem to be on another server. */
async function moveTo(scene: Scene, url: string): Promise<void> {
  await scene.rewrite((text) => text.replaceAll(scene.origin.url, url))
}

let made: { readonly certificate: Certificate | undefined } | undefined

function certificateOf(): Certificate | undefined {
  made ??= { certificate: makeCertificate() }
  return made.certificate
}

const needsOpenssl = () => (certificateOf() === undefined ? 'openssl' : undefined)

const manifests: readonly Row[] = [
  onManifest('404', { status: 404, times: always }, failed('HTTP_STATUS')),
  onManifest('503 for ever', { status: 503, times: always }, failed('HTTP_STATUS'), { policy: impatient }),
  onManifest('503 with Retry-After, once', { status: 503, headers: { 'retry-after': '1' } }, survived),
  onManifest('429 twice', { status: 429, times: 2 }, survived),
  onManifest('408, 425 and 500, each once', { status: 408 }, survived, {
    inject: ({ origin, paths }) =>
      origin.fault(paths.manifest, { status: 408 }, { status: 425 }, { status: 500 }),
  }),
  onManifest(
    '429 with a Retry-After of an hour',
    { status: 429, headers: { 'retry-after': '3600' } },
    survived,
    {
      policy: impatient,
    },
  ),
  onManifest('the connection breaks before the answer, once', { dropAfter: 'headers' }, survived),
  onManifest('the connection breaks in its middle, once', { dropAfter: 20 }, survived),
  onManifest(
    'always shorter than announced',
    { contentLength: 5000, times: always },
    failed('HTTP_NETWORK'),
    {
      policy: impatient,
    },
  ),
  onManifest('no answer', { stallAfter: 'headers', times: always }, failed('HTTP_TIMEOUT'), {
    policy: impatient,
  }),
  onManifest('stalls in its middle', { stallAfter: 10, times: always }, failed('HTTP_TIMEOUT'), {
    policy: impatient,
  }),
  onManifest(
    'trickles, a byte at a time',
    { trickle: { bytes: 1, milliseconds: 100 }, times: always },
    failed('HTTP_TIMEOUT'),
    { policy: { ...impatient, retries: 1 } },
  ),
  onManifest('provisional answers without end', { hints: 5, times: always }, failed('HTTP_TIMEOUT'), {
    policy: impatient,
  }),
  onManifest(
    'comes just fast enough not to stall',
    { trickle: { bytes: 8, milliseconds: 20 }, times: always },
    failed('HTTP_TIMEOUT'),
    { policy: { ...impatient, idleBytes: 1, slowTimeout: 100 } },
  ),
  onManifest('9 MiB, announced', {}, failed('HTTP_TOO_LARGE'), {
    inject: ({ origin, paths }) => origin.put(paths.manifest, { body: { size: 9 * 2 ** 20 } }),
  }),
  onManifest(
    '1 GiB, not announced',
    {},
    { ...failed('HTTP_TOO_LARGE'), memory: 300 },
    {
      inject: ({ origin, paths }) => {
        origin.put(paths.manifest, { body: { size: 2 ** 30 } })
        origin.fault(paths.manifest, { chunked: true, times: always })
      },
    },
  ),
  onManifest('a web page with status 200', {}, failed('CHECKSUM_MALFORMED'), {
    inject: ({ origin, paths }) => origin.put(paths.manifest, '<!doctype html><h1>Log in</h1>'),
  }),
  onManifest('empty', {}, failed('CHECKSUM_MALFORMED'), {
    inject: ({ origin, paths }) => origin.put(paths.manifest, ''),
  }),
  onManifest('compressed, though nobody asked for it', { gzip: true, times: always }, survived),
  onManifest(
    'an encoding that is none',
    { headers: { 'content-encoding': 'aws-chunked' }, times: always },
    survived,
  ),
  onManifest('a bomb that was compressed on the way', {}, failed('HTTP_TOO_LARGE'), {
    inject: ({ origin, paths }) => {
      origin.put(paths.manifest, Buffer.alloc(32 * 2 ** 20))
      origin.fault(paths.manifest, { gzip: true, times: always })
    },
  }),
  onManifest('redirects in a circle', {}, failed('HTTP_REDIRECT'), {
    inject: ({ origin, paths }) => origin.fault(paths.manifest, { redirect: paths.manifest, times: always }),
  }),
  onManifest('redirects to a file of this machine', {}, failed('HTTP_REDIRECT'), {
    inject: ({ origin, paths }) =>
      origin.fault(paths.manifest, { redirect: 'file:///etc/passwd', times: always }),
  }),
  {
    fault: 'the manifest: redirects from https to http',
    lacks: needsOpenssl,
    inject: async (scene) => {
      const secure = await startOrigin({ tls: certificateOf() })
      scene.onEnd(() => secure.close())
      secure.fault(scene.paths.manifest, {
        redirect: `${scene.origin.url}${scene.paths.manifest}`,
        times: always,
      })
      scene.env.NODE_EXTRA_CA_CERTS = certificateOf()?.certFile ?? ''
      await moveTo(scene, secure.url)
    },
    holds: failed('HTTP_REDIRECT'),
  },
]

const images: readonly Row[] = [
  onImage('404', {}, failed('HTTP_STATUS'), { inject: ({ origin, paths }) => origin.remove(paths.image) }),
  onImage('503 once, then there', { status: 503 }, survived),
  onImage('the connection breaks after the headers, once', { dropAfter: 0 }, survived),
  onImage('the connection breaks in its middle, three times', { dropAfter: 30_000, times: 3 }, survived),
  onImage('the connection breaks without a byte, for ever', {}, failed('HTTP_NETWORK'), {
    policy: impatient,
    inject: ({ origin, paths }) =>
      origin.fault(paths.image, {}, { dropAfter: 70_000 }, { dropAfter: 0, times: always }),
  }),
  onImage('stalls in its middle, once', { stallAfter: 50_000 }, survived, { policy: impatient }),
  onImage('breaks off, and Range is ignored then', { dropAfter: 50_000 }, survived, {
    inject: ({ origin, paths }) =>
      origin.fault(paths.image, {}, { dropAfter: 50_000 }, { ignoreRange: true }),
  }),
  onImage('breaks off, and is resumed at another place', { dropAfter: 50_000 }, survived, {
    inject: ({ origin, paths }) => origin.fault(paths.image, {}, { dropAfter: 50_000 }, { shiftRange: 7 }),
  }),
  onImage('breaks off, and has no ETag to resume with', { dropAfter: 50_000 }, survived, {
    inject: ({ origin, paths, image }) => {
      origin.put(paths.image, {
        body: image.newest.stored,
        etag: null,
        lastModified,
        headers: { 'accept-ranges': 'none' },
      })
      origin.fault(paths.image, {}, { dropAfter: 50_000 })
    },
  }),
  onImage('breaks off, and is another file when it is resumed', {}, failed('DIGEST_MISMATCH'), {
    inject: ({ origin, paths }) =>
      origin.fault(
        paths.image,
        {},
        { dropAfter: 50_000 },
        { replace: { body: imageOf('another', 150_000) } },
      ),
  }),
  onImage('longer than announced', { contentLength: 1000, times: always }, failed('DIGEST_MISMATCH'), {
    policy: impatient,
  }),
  onImage(
    'always shorter than announced',
    { contentLength: 10_000_000, times: always },
    failed('HTTP_TRUNCATED'),
    {
      policy: impatient,
    },
  ),
  ...[2 ** 40, 2 ** 42, 2 ** 49, 2 ** 53].map((contentLength) =>
    onImage(
      `${contentLength / 2 ** 40} TiB are announced`,
      { contentLength, times: always },
      { ...failed('IMAGE_TOO_LARGE'), says: /\d{13,} bytes are announced/, memory: 300 },
      { policy: impatient },
    ),
  ),
  onImage(
    '1 TiB is announced and allowed, and does not come',
    { contentLength: 2 ** 40, times: always },
    { ...failed('HTTP_TRUNCATED'), memory: 400 },
    { policy: impatient, args: ['--max-image-size', '2TiB', '--connections', '4'] },
  ),
  onImage('no length, and breaks off', { chunked: true, dropAfter: 50_000 }, survived),
  onImage(
    'comes just fast enough not to stall',
    { trickle: { bytes: 500, milliseconds: 20 }, times: always },
    { ...failed('HTTP_TIMEOUT'), says: /comes too slowly/ },
    { policy: { ...impatient, slowTimeout: 100, slowestRate: 2 ** 20 } },
  ),
  onImage('comes slowly, but comes', { trickle: { bytes: 20_000, milliseconds: 20 } }, survived, {
    policy: impatient,
  }),
  onImage('compressed, though nobody asked for it', { gzip: true, times: always }, failed('DIGEST_MISMATCH')),
  onImage('a byte too many', {}, failed('DIGEST_MISMATCH'), {
    inject: (scene) => scene.replace(Buffer.concat([scene.image.newest.stored, Buffer.from('x')])),
  }),
  onImage('a web page with status 200', {}, failed('DIGEST_MISMATCH'), {
    inject: (scene) => scene.replace('<!doctype html><h1>Log in</h1>'),
  }),
  onImage('other bytes than the manifest says, once', {}, survived, {
    inject: ({ origin, paths, image }) => {
      const right = { body: image.newest.stored, lastModified }
      const wrong = { ...right, body: imageOf('in mid-sync', 150_000) }
      origin.fault(paths.image, { replace: right }, { replace: wrong }, { replace: right })
    },
  }),
  onImage('other bytes than the manifest says, always', {}, failed('DIGEST_MISMATCH'), {
    inject: (scene) => scene.replace(imageOf('replaced', 150_000)),
  }),
  onImage('the mirror behind a redirect is gone in its middle, and the next has another ETag', {}, survived, {
    policy: impatient,
    inject: async (scene) => {
      const body = scene.image.newest.stored
      const mirror = await startOrigin({ files: { '/blob': body } })
      const next = await startOrigin({ files: { '/blob': { body, etag: '"another"' } } })
      for (const { close } of [mirror, next]) scene.onEnd(close)
      mirror.fault('/blob', { dropAfter: 50_000 }, { dropAfter: 'headers', times: always })
      const later = { redirect: `${next.url}/blob`, times: always }
      scene.origin.fault(scene.paths.image, {}, { redirect: `${mirror.url}/blob` }, later)
    },
  }),
  onImage('redirects to another server', {}, survived, {
    inject: async (scene) => {
      const elsewhere = await startOrigin({ files: { '/blob': scene.image.newest.stored } })
      scene.onEnd(() => elsewhere.close())
      scene.origin.fault(scene.paths.image, {}, { redirect: `${elsewhere.url}/blob` })
    },
  }),
]

/** The image is at a server of the internet, as far as anybody but the proxy knows, and redirects to this machine. */
const ledInside = (fault: string, holds: Holds, args: readonly string[] = []): Row => ({
  fault: `the image: a server of the internet redirects to this machine${fault}`,
  args,
  inject: async (scene) => {
    const proxy = await startProxy()
    scene.onEnd(() => proxy.close())
    goThrough(scene, proxy.url)
    const { origin, paths, image } = scene
    await moveTo(scene, origin.url.replace('127.0.0.1', 'images.example'))
    origin.put('/internal', { body: image.newest.stored, lastModified })
    origin.fault(paths.image, {}, { redirect: `${origin.url}/internal`, times: always })
  },
  holds,
})

const servers: readonly Row[] = [
  ledInside('', { ...failed('HTTP_REDIRECT'), says: /a server of the internet has led there/ }),
  ...['http://169.254.169.254', 'http://2852039166', 'http://[::ffff:a9fe:a9fe]'].map(
    (url): Row => ({
      fault: `the server: ${url}, a metadata service`,
      args: ['--allow-private'],
      inject: (scene) => moveTo(scene, url),
      holds: { ...failed('HTTP_URL'), says: /gives away a machine's credentials/ },
    }),
  ),
  {
    fault: 'the manifest: redirects to a metadata service',
    inject: ({ origin, paths }) =>
      origin.fault(paths.manifest, { redirect: 'http://169.254.169.254/latest/', times: always }),
    holds: { ...failed('HTTP_URL'), says: /gives away a machine's credentials/ },
  },
  {
    fault: 'the server: nobody listens',
    policy: impatient,
    inject: (scene) => moveTo(scene, 'http://127.0.0.1:1'),
    holds: { ...failed('HTTP_NETWORK'), says: /connection was refused/ },
  },
  {
    fault: 'the server: its name is not known',
    policy: impatient,
    inject: (scene) => moveTo(scene, 'http://nowhere.invalid'),
    holds: failed('HTTP_NETWORK'),
  },
  {
    fault: 'the server: https is asked, plain http is spoken',
    policy: impatient,
    inject: (scene) => moveTo(scene, scene.store.endpoint.replace('http:', 'https:')),
    holds: { ...failed('HTTP_NETWORK'), says: /http:\/\/ instead of https:\/\// },
  },
  {
    fault: 'the server: its certificate is nobody’s',
    lacks: needsOpenssl,
    inject: async (scene) => {
      const secure = await startOrigin({ tls: certificateOf() })
      scene.onEnd(() => secure.close())
      await moveTo(scene, secure.url)
    },
    holds: { ...failed('HTTP_NETWORK'), says: /NODE_EXTRA_CA_CERTS/ },
  },
  {
    fault: 'the proxy: refuses our password',
    policy: impatient,
    inject: async (scene) => {
      const proxy = await startProxy({ credentials: 'user:password' })
      scene.onEnd(() => proxy.close())
      goThrough(scene, proxy.url.replace('://', '://user:wrong-password@'))
    },
    holds: { ...failed('HTTP_NETWORK'), other: 'old', says: /^(?!.*wrong-password)/s },
  },
  {
    fault: 'the proxy: is gone',
    policy: impatient,
    inject: (scene) => goThrough(scene, 'http://127.0.0.1:1'),
    holds: { ...failed('HTTP_NETWORK'), other: 'old' },
  },
]

function goThrough({ env, store }: Scene, proxy: string): void {
  env.HTTP_PROXY = proxy
  env.NO_PROXY = new URL(store.endpoint).host
}

export const http: Group = { name: 'HTTP', rows: [...manifests, ...images, ...servers] }

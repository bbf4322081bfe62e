import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as openpgp from 'openpgp'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DistributionSignature } from '../../src/discovery/resolver.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { splitClearsigned } from '../../src/discovery/signatures/clearsigned.ts'
import { checkCatalogue, updateCatalogue } from '../../src/index.ts'
import { renderPage } from '../../src/page/page.ts'
import { formatCheckCsv, formatCheckText } from '../../src/report/check.ts'
import { formatJunit } from '../../src/report/junit.ts'
import { formatMetrics } from '../../src/report/metrics.ts'
import { formatMarkdown } from '../../src/report/run-markdown.ts'
import { createPaint } from '../../src/report/terminal.ts'
import {
  armored,
  clearsign,
  encode,
  keysMade,
  makeKey,
  signWith,
  v3Signature,
  withoutUserIds,
} from '../discovery/signature-keys.ts'
import { KeyServer } from '../support/key-server.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { createLayoutPublisher } from '../support/world/layouts.ts'

/** Those that sign what we read, and whether the distribution has its key at a URL of its own. */
const signers: Readonly<Record<string, boolean>> = {
  ubuntu: false,
  'ubuntu-streams': false,
  almalinux: true,
  rocky: true,
  fedora: true,
  opensuse: false,
  arch: false,
  flatcar: true,
  gentoo: false,
  kali: true,
  cirros: false,
}
const names = Object.keys(signers)
const withoutUrl = names.filter((name) => signers[name] === false)

let origin: Origin
let server: KeyServer
let catalogue: string
let cache: string
const keys = new Map<string, openpgp.PrivateKey>()
/** What is really pinned; files of tests share modules. */
const pinned = new Map<string, DistributionSignature>()

type Changing<T> = { -readonly [Key in keyof T]: T[Key] }

function signatureOf(name: string): Changing<DistributionSignature> {
  const signature = resolvers.find((resolver) => resolver.name === name)?.signature
  if (signature === undefined) throw new Error(`${name} has no signature`)
  return signature
}

const keyOf = (name: string) => {
  const key = keys.get(name)
  if (key === undefined) throw new Error(`there is no key of ${name}`)
  return key
}

/** Signs a file of the origin as its distribution does. */
async function sign(path: string, name: string): Promise<void> {
  const text = await (await fetch(`${origin.url}${path}`)).text()
  const key = keyOf(name)
  const { form } = signatureOf(name)
  if (form === 'clearsigned') return origin.put(path, await clearsign(text, key))
  const date = new Date('2026-09-01')
  const signature =
    name === 'opensuse'
      ? v3Signature(encode(text), key, { date })
      : await signWith(encode(text), key, { date })
  origin.put(`${path}${form[0]}`, name === 'arch' ? signature : armored(signature))
}

const check = (options = {}) => checkCatalogue({ images: [catalogue], keyserver: [server.url], ...options })

beforeAll(async () => {
  origin = await startOrigin()
  server = await new KeyServer((path) => {
    const name = names.find((one) => path.endsWith(keyOf(one).getFingerprint().toUpperCase()))
    if (name === undefined || signers[name]) return 404
    // Half of them as the one of the two servers has them, half as the other.
    return names.indexOf(name) % 2 === 0 ? withoutUserIds(keyOf(name)) : keyOf(name).toPublic().armor()
  }).start()
  catalogue = await mkdtemp(join(tmpdir(), 'image-updater-'))
  const publisher = createLayoutPublisher({ origin, size: 20_000 })
  for (const name of names) {
    const key = await makeKey(name === 'opensuse' ? { type: 'rsa', rsaBits: 2048, subkeys: [] } : {})
    keys.set(name, key)
    const signature = signatureOf(name)
    pinned.set(name, { ...signature })
    signature.hosts = ['127.0.0.1']
    signature.fingerprints = [key.getFingerprint()]
    if (signature.keyUrl !== undefined) {
      signature.keyUrl = `${origin.url}/${name}.asc`
      origin.put(`/${name}.asc`, key.toPublic().armor())
    }
    const resolver = resolvers.find((one) => one.name === name)
    const [wanted] = resolver?.recommended ?? []
    if (wanted === undefined) throw new Error(`${name} has no recommended image`)
    const { osDistro } = resolver?.serves ?? {}
    const layout = publisher.publish({ ...wanted, osDistro })
    if (layout === undefined) throw new Error(`${name} cannot be packed here`)
    await writeFile(
      join(catalogue, `${name}.yml`),
      `---\nimages:\n  - name: ${name}\n    shortname: ${name}\n    format: ${wanted.format}\n    meta:\n      os_distro: ${osDistro ?? 'arch'}\n    latest_checksum_url: '${layout.latestChecksumUrl}'\n    latest_url: '${layout.latestUrl}'\n    versions: []\n`,
    )
    // What a check reads beside listings is what is signed.
    const asked = origin.requests.length
    await check({ names: [name], signatures: 'off' })
    const texts = origin.requests
      .slice(asked)
      .filter(({ method, path }) => method === 'GET' && !path.includes('?'))
    for (const { path } of texts.filter(({ path }) => !/\/(?:version\.txt)?$/.test(path)))
      await sign(path, name)
  }
  const beside = {
    almalinux: 'repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-8',
    rocky: 'download.rockylinux.org/pub/rocky/RPM-GPG-KEY-Rocky-8',
  }
  for (const [name, path] of Object.entries(beside)) origin.put(`/${path}`, keyOf(name).toPublic().armor())
}, 60_000)
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'image-updater-'))
  vi.stubEnv('XDG_CACHE_HOME', cache)
  server.asked.length = 0
  return async () => {
    vi.unstubAllEnvs()
    await rm(cache, { recursive: true, force: true })
  }
})
afterAll(async () => {
  for (const [name, { hosts, ...others }] of pinned) Object.assign(signatureOf(name), { hosts, ...others })
  await origin.close()
  await server.close()
  await rm(catalogue, { recursive: true, force: true })
})

const trusts = (images: readonly { readonly name: string; readonly trust?: string | undefined }[]) =>
  Object.fromEntries(images.map(({ name, trust }) => [name, trust]))
const all = (trust: string, of = names) => Object.fromEntries(of.map((name) => [name, trust]))

describe('the first run on a new machine', () => {
  it('says signed of all that sign, and the next one asks no key server', async () => {
    const first = await check()
    expect(
      first.images.flatMap(({ name, error, warnings }) =>
        (error ?? warnings[0]) ? [{ name, error, warnings }] : [],
      ),
    ).toEqual([])
    expect(trusts(first.images)).toEqual(all('signed'))
    expect(server.asked).toHaveLength(withoutUrl.length)
    const { images, summary } = await updateCatalogue({
      images: [catalogue],
      keyserver: [server.url],
      mirror: { kind: 'none' },
      dryRun: true,
    })
    expect([trusts(images), summary.failed]).toEqual([all('signed'), 0])
    expect(server.asked).toHaveLength(withoutUrl.length)
  })

  it('without a key server goes by checksums where the distribution has no URL of its key, and says so', async () => {
    for (const keyserver of [[], [`${origin.url}/nowhere`]]) {
      const { images, summary } = await check({ keyserver })
      expect(trusts(images)).toEqual({ ...all('signed'), ...all('checksum', withoutUrl) })
      expect(summary.failed).toBe(0)
      for (const { name, warnings } of images.filter(({ trust }) => trust === 'checksum')) {
        expect([name, warnings[0]]).toEqual([name, expect.stringContaining('the key is not at hand')])
      }
    }
  })

  it('without a key server fails for those alone where signatures are required', async () => {
    const { images } = await check({ keyserver: [], signatures: 'require' })
    const failed = images.flatMap(({ name, error }) => (error?.code === 'SIGNATURE_KEY' ? [name] : []))
    expect(failed.sort()).toEqual([...withoutUrl].sort())
  })
})

describe('a key that ends soon', () => {
  it('is told by a check in every form of its report, 60 days ahead', async () => {
    const name = 'fedora'
    const signature = signatureOf(name)
    const before = signature.fingerprints
    const made = keyOf(name)
    const path = origin.requests.map((request) => request.path).find((one) => one.endsWith('-CHECKSUM')) ?? ''
    const text = await (await fetch(`${origin.url}${path}`)).text()
    const days = (count: number) => Math.floor((Date.now() - keysMade.getTime()) / 1000) + count * 86_400
    try {
      for (const [left, isTold] of [
        [61.5, false],
        [60.5, true],
      ] as const) {
        const key = await makeKey({ keyExpirationTime: days(left) })
        keys.set(name, key)
        signature.fingerprints = [key.getFingerprint()]
        origin.put(path, await clearsign(splitClearsigned(text).signedText, key))
        origin.put(`/${name}.asc`, key.toPublic().armor())
        const report = await check({ names: [name] })
        const [image] = report.images
        expect(image).toMatchObject({ trust: 'signed', key_ends: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) })
        const told = `${key.getFingerprint().toUpperCase()} that signs the checksum file ends on ${image?.key_ends}, in 60 days`
        const forms = {
          text: formatCheckText(report, { paint: createPaint(false) }),
          json: JSON.stringify(report),
          markdown: formatMarkdown(report),
          junit: formatJunit(report),
          page: renderPage(report),
        }
        for (const [form, shown] of Object.entries(forms))
          expect([form, shown.includes(told)]).toEqual([form, isTold])
        expect(formatCheckCsv(report)).toContain(image?.key_ends)
        expect(formatMetrics(report)).toContain('image_updater_image_key_end_timestamp_seconds{')
      }
    } finally {
      signature.fingerprints = before
      keys.set(name, made)
      origin.put(path, text)
      origin.put(`/${name}.asc`, made.toPublic().armor())
    }
  })
})

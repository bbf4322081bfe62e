import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as openpgp from 'openpgp'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fetchVerified } from '../../src/discovery/manifest.ts'
import type { DistributionSignature, ResolverContext } from '../../src/discovery/resolver.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { expectedSignature } from '../../src/discovery/signatures/expected.ts'
import { createKeySource } from '../../src/discovery/signatures/keys.ts'
import { describeError, UpdaterError } from '../../src/errors.ts'
import { armored, clearsign, day, encode, makeKey, now, refusal, signWith } from './signature-keys.ts'
import { discoveryHttp } from './signature-server.ts'

const manifest = `${'a'.repeat(64)}  image.qcow2\n`
let key: openpgp.PrivateKey
let stranger: openpgp.PrivateKey
let goodSignature: string
let strangeSignature: string
let folder: string
let server: Server
let origin: string
let files: Map<string, string | Uint8Array>
let asked: string[]

beforeAll(async () => {
  key = await makeKey()
  stranger = await makeKey()
  goodSignature = armored(await signWith(encode(manifest), key))
  strangeSignature = armored(await signWith(encode(manifest), stranger))
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signature-'))
  files = new Map()
  asked = []
  server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const file = files.get(path)
    response.writeHead(file === undefined ? 404 : 200).end(file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

/** A distribution that keeps its key beside its releases, as AlmaLinux does. */
function pin(changes: Partial<DistributionSignature> = {}): DistributionSignature {
  return {
    form: ['.asc', '.sig'],
    knownToSign: true,
    hosts: ['127.0.0.1'],
    fingerprints: { 9: [key.getFingerprint()] },
    manifestPath: /^(?<root>.*?)\/(?<release>\d[^/]*)\/cloud\//,
    keyFile: 'KEY-',
    keyHint: 'Put the key into the keyring folder',
    ...changes,
  }
}
const mirror = { hosts: ['dl.distribution.example'] }
const noUrl = { manifestPath: undefined, keyFile: undefined, fingerprints: [] as string[] }

type Policy = 'require' | 'prefer'
type Http = ResolverContext['http']

/** The server has the manifest, which is not counted among what it is asked for. */
const withManifest = (text: () => Promise<string>, http = discoveryHttp()): Http => ({
  ...http,
  async text(url, options) {
    if (!/(?:CHECKSUM|SHA512SUMS)(?:\?|$)/.test(url)) return http.text(url, options)
    const content = await text()
    return { url, text: content, bytes: encode(content) }
  },
})

async function checkWith(
  policy: Policy,
  url: string,
  signature: DistributionSignature | undefined,
  http: Http,
) {
  const folders = { keyring: join(folder, 'keys'), cacheDir: join(folder, 'cache') }
  const warnings: string[] = []
  const context: ResolverContext = {
    http,
    now,
    tell: (step) => step.type === 'warning' && warnings.push(step.message),
    resolver: { name: 'distribution', signature },
    signatures: { policy, keys: createKeySource({ ...folders, http, now: () => now }) },
  }
  const { text, trust } = await fetchVerified(url, context, true)
  return { text, trust, warnings }
}

function check(policy: Policy, changes: Partial<DistributionSignature> = {}, content = manifest) {
  const http = withManifest(async () => content)
  return checkWith(policy, `${origin}/9/cloud/CHECKSUM`, pin(changes), http)
}

const serveSignature = (signature = goodSignature) => files.set('/9/cloud/CHECKSUM.asc', signature)
const serveKey = (served = key) => files.set('/KEY-9', served.toPublic().armor())
async function holdKey() {
  await mkdir(join(folder, 'keys'))
  await writeFile(join(folder, 'keys', 'key.asc'), key.toPublic().armor())
}
const signed = { text: manifest, trust: 'signed', warnings: [] }
const unsigned = { text: manifest, trust: 'checksum', warnings: [] }

describe.each(['require', 'prefer'] as const)('with %s', (policy) => {
  it('a good signature by a fetched key is trusted', async () => {
    serveSignature()
    serveKey()
    expect(await check(policy)).toEqual(signed)
    expect(asked).toEqual(['/9/cloud/CHECKSUM.asc', '/KEY-9'])
  })

  it('a good signature by a key of the keyring is trusted, in a file by its second name too', async () => {
    await holdKey()
    files.set('/9/cloud/CHECKSUM.sig', await signWith(encode(manifest), key))
    expect(await check(policy, noUrlButPinned())).toEqual(signed)
    expect(asked).toEqual(['/9/cloud/CHECKSUM.asc', '/9/cloud/CHECKSUM.sig'])
  })

  it('of a clearsigned manifest only the signed text comes back', async () => {
    serveKey()
    const clearsigned = await clearsign(manifest.trim(), key)
    for (const form of ['clearsigned', ['.asc']] as const) {
      expect(await check(policy, { form }, clearsigned)).toEqual({ ...signed, text: manifest.trim() })
    }
    const error = await refusal(check(policy, { form: 'clearsigned' }, `${manifest}${clearsigned}`))
    expect(error.code).toBe('SIGNATURE_BAD')
  })

  it('a changed manifest is refused, also on a mirror', async () => {
    serveSignature()
    serveKey()
    for (const place of [{}, mirror, { knownToSign: false }]) {
      const error = await refusal(check(policy, place, manifest.replace('a', 'b')))
      expect(error.code).toBe('SIGNATURE_BAD')
      expect(error.message).toContain(`${origin}/9/cloud/CHECKSUM`)
      expect(error.remedy).toBeTruthy()
    }
  })

  it('a signature by someone else is refused, also on a mirror', async () => {
    serveSignature(strangeSignature)
    serveKey()
    for (const place of [{}, mirror, { knownToSign: false }]) {
      expect((await refusal(check(policy, place))).code).toBe('SIGNATURE_KEY')
    }
  })

  it('a page in place of a signature is refused', async () => {
    serveSignature('<html>Not Found</html>')
    serveKey()
    expect((await refusal(check(policy, mirror))).code).toBe('SIGNATURE_BAD')
  })

  it('a missing signature is refused at the host of a distribution that signs', async () => {
    await holdKey()
    const error = await refusal(check(policy))
    expect(error.code).toBe('SIGNATURE_MISSING')
    expect(error.message).toContain('CHECKSUM.asc')
    expect(error.message).toContain('CHECKSUM.sig')
    expect((await refusal(check(policy, { form: 'clearsigned' }))).code).toBe('SIGNATURE_MISSING')
  })

  it('a missing signature is refused there without the key as well', async () => {
    expect((await refusal(check(policy, noUrlButPinned()))).code).toBe('SIGNATURE_MISSING')
  })

  it('a key that its host does not have, or has replaced, is refused', async () => {
    serveSignature(strangeSignature)
    expect((await refusal(check(policy))).code).toBe('SIGNATURE_KEY')
    serveKey(stranger)
    const error = await refusal(check(policy))
    expect(error.code).toBe('SIGNATURE_KEY')
    expect(describeError(error)).toContain('not the pinned key')
  })

  it('a server that cannot be reached is no missing signature', async () => {
    const port = new URL(origin).port
    await new Promise((resolve) => server.close(resolve))
    expect(port).not.toBe('')
    expect((await refusal(check(policy, mirror))).code).toBe('HTTP_NETWORK')
    await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve))
  })
})

/** Where only the operator can provide the key, as with Ubuntu. */
function noUrlButPinned(): Partial<DistributionSignature> {
  return { ...noUrl, fingerprints: [key.getFingerprint()] }
}

describe('with prefer', () => {
  it('a mirror may lack signatures, with a warning', async () => {
    const result = await check('prefer', mirror)
    expect(result).toEqual({ ...unsigned, warnings: [expect.stringContaining('no signature here')] })
  })

  it('a distribution that signs some manifests may lack them without a word', async () => {
    expect(await check('prefer', { knownToSign: false })).toEqual(unsigned)
  })

  it('a key that only the operator can provide is asked for in a warning', async () => {
    serveSignature()
    const { trust, text, warnings } = await check('prefer', noUrlButPinned())
    expect({ trust, text }).toEqual({ trust: 'checksum', text: manifest })
    expect(warnings).toEqual([expect.stringContaining('Put the key into the keyring folder')])
  })

  it('a key that a mirror does not have is asked for in a warning', async () => {
    serveSignature()
    const { trust, warnings } = await check('prefer', mirror)
    expect(trust).toBe('checksum')
    expect(warnings).toEqual([expect.stringContaining('/KEY-9')])
  })

  it('a release without a pinned key is told in a warning', async () => {
    serveSignature()
    const { trust, warnings } = await check('prefer', { fingerprints: { 8: [key.getFingerprint()] } })
    expect(trust).toBe('checksum')
    expect(warnings).toEqual([expect.stringContaining('No key of this release is pinned')])
  })

  it('an unverified clearsigned manifest loses its frame', async () => {
    const clearsigned = await clearsign(manifest.trim(), key)
    const result = await check('prefer', { ...noUrlButPinned(), form: 'clearsigned' }, clearsigned)
    expect([result.text, result.trust, result.warnings.length]).toEqual([manifest.trim(), 'checksum', 1])
  })
})

describe('the key', () => {
  it('is asked for anew once where ours lacks the subkey that signed', async () => {
    const whole = await makeKey({ subkeys: [{ sign: true }] })
    const [subkey] = whole.subkeys
    if (subkey === undefined) throw new Error('no subkey')
    const before = whole.toPublic()
    before.subkeys = []
    await mkdir(join(folder, 'keys'))
    await writeFile(join(folder, 'keys', 'key.asc'), before.armor())
    serveSignature(armored(await signWith(encode(manifest), subkey)))
    serveKey(whole)
    expect(await check('require', { fingerprints: { 9: [whole.getFingerprint()] } })).toEqual(signed)
    expect(asked).toEqual(['/9/cloud/CHECKSUM.asc', '/KEY-9'])
  })

  it('that signed may be the one of several pinned that cannot be had', async () => {
    serveSignature(strangeSignature)
    serveKey(key)
    const both = { ...mirror, fingerprints: { 9: [key, stranger].map((one) => one.getFingerprint()) } }
    const { trust, warnings } = await check('prefer', both)
    expect([trust, warnings]).toEqual(['checksum', [expect.stringContaining('not the pinned key')]])
    expect((await refusal(check('require', both))).code).toBe('SIGNATURE_KEY')
  })

  it('that has expired is an error, or a warning where no other copy is known', async () => {
    const old = await makeKey({ keyExpirationTime: 500 * day })
    serveSignature(armored(await signWith(encode(manifest), old)))
    serveKey(old)
    const pinned = { fingerprints: { 9: [old.getFingerprint()] } }
    expect((await refusal(check('prefer', pinned))).code).toBe('SIGNATURE_KEY')
    const known = { ...pinned, ...mirror, mayHaveExpired: true }
    const { trust, warnings } = await check('prefer', known)
    expect([trust, warnings]).toEqual(['checksum', [expect.stringContaining('expired')]])
    expect((await refusal(check('require', known))).code).toBe('SIGNATURE_KEY')
    serveSignature(strangeSignature)
    expect((await refusal(check('prefer', known))).code).toBe('SIGNATURE_KEY')
  })
})

describe('with require', () => {
  it('nothing but a good signature will do', async () => {
    expect((await refusal(check('require', mirror))).code).toBe('SIGNATURE_MISSING')
    expect((await refusal(check('require', { knownToSign: false }))).code).toBe('SIGNATURE_MISSING')
    serveSignature()
    expect((await refusal(check('require', mirror))).code).toBe('SIGNATURE_KEY')
    const error = await refusal(check('require', noUrlButPinned()))
    expect([error.code, error.remedy]).toEqual(['SIGNATURE_KEY', 'Put the key into the keyring folder'])
    const unpinned = await refusal(check('require', { fingerprints: { 8: [key.getFingerprint()] } }))
    expect(unpinned.code).toBe('SIGNATURE_KEY')
  })
})

describe('while the manifest is on its way', () => {
  const checked = (text: Promise<string>) =>
    checkWith(
      'prefer',
      `${origin}/9/cloud/CHECKSUM`,
      pin(),
      withManifest(() => text),
    )

  it('its signature and its key are asked for', async () => {
    serveSignature()
    serveKey()
    const bothAsked = new Promise<void>((resolve) => {
      server.on('request', () => asked.length === 2 && resolve())
    })
    expect(await checked(bothAsked.then(() => manifest))).toEqual(signed)
    expect([...asked].sort()).toEqual(['/9/cloud/CHECKSUM.asc', '/KEY-9'])
  })

  it('its own failure is the one that counts', async () => {
    server.on('request', (_request, response) => response.destroy())
    const missing = new UpdaterError('HTTP_STATUS', 'The manifest is missing')
    expect(await refusal(checked(Promise.reject(missing)))).toBe(missing)
  })
})

describe('a distribution without a pin', () => {
  const checked = (policy: Policy) =>
    checkWith(
      policy,
      `${origin}/SHA512SUMS`,
      undefined,
      withManifest(async () => manifest),
    )

  it('is trusted by its checksum, and refused where signatures are required', async () => {
    expect(await checked('prefer')).toEqual(unsigned)
    const error = await refusal(checked('require'))
    expect([error.code, error.message]).toEqual([
      'SIGNATURE_MISSING',
      expect.stringContaining('distribution'),
    ])
    expect(asked).toEqual([])
  })
})

it('secrets in a URL are not told', async () => {
  const url = `${origin.replace('http://', 'http://user:hunter2@')}/9/cloud/CHECKSUM?token=hunter2`
  const error = await refusal(
    checkWith(
      'require',
      url,
      pin(),
      withManifest(async () => manifest),
    ),
  )
  expect(error.code).toBe('SIGNATURE_MISSING')
  expect(describeError(error)).not.toContain('hunter2')
})

describe('what is pinned', () => {
  const fingerprintsOf = ({ fingerprints }: DistributionSignature) => Object.values(fingerprints).flat()

  it('are full fingerprints, each once', () => {
    const lists = resolvers.flatMap(({ signature }) =>
      signature === undefined ? [] : [fingerprintsOf(signature)],
    )
    for (const list of lists) expect(new Set(list).size).toBe(list.length)
    const all = lists.flat()
    expect(all.length).toBeGreaterThan(7)
    for (const fingerprint of all) expect(fingerprint).toMatch(/^(?:[0-9A-F]{4} ){9}[0-9A-F]{4}$/)
  })

  const lookUp = (distribution: string, url: string, release?: string) => {
    const signature = resolvers.find(({ name }) => name === distribution)?.signature
    if (signature === undefined) return undefined
    const { fingerprints, keyUrl, mustBeSigned } = expectedSignature(signature, url, release)
    return {
      keys: fingerprints.map((fingerprint) => fingerprint.replaceAll(' ', '').slice(-8)),
      keyUrl,
      mustBeSigned,
    }
  }

  it.each([
    ['ubuntu', 'https://cloud-images.ubuntu.com/noble/current/SHA256SUMS', ['7DB87C81'], undefined, true],
    ['ubuntu', 'https://mirror.example/noble/20250101/SHA256SUMS', ['7DB87C81'], undefined, false],
    [
      'fedora',
      'https://dl.fedoraproject.org/pub/fedora/linux/releases/44/Cloud/x86_64/images/Fedora-Cloud-44-1.7-x86_64-CHECKSUM',
      ['6D9F90A6'],
      'https://fedoraproject.org/fedora.gpg',
      true,
    ],
    [
      'fedora-coreos',
      'https://builds.coreos.fedoraproject.org/prod/streams/stable/builds/44.20260901.3.0/x86_64/fedora-coreos-44.20260901.3.0-openstack.x86_64.qcow2.xz',
      ['6D9F90A6'],
      'https://fedoraproject.org/fedora.gpg',
      true,
    ],
    [
      'alpine',
      'https://dl-cdn.alpinelinux.org/alpine/v3.23/releases/cloud/alpine-3.23.6-x86_64-uefi-cloudinit-r0.qcow2',
      ['BFFCDF22'],
      'https://alpinelinux.org/keys/tomalok.asc',
      true,
    ],
    [
      'fedora',
      'https://mirror.example/fedora/linux/releases/43/Cloud/x86_64/images/Fedora-Cloud-43-1.6-x86_64-CHECKSUM',
      ['31645531'],
      undefined,
      false,
    ],
    [
      'fedora',
      'https://dl.fedoraproject.org/pub/fedora/linux/releases/99/Cloud/x86_64/images/Fedora-Cloud-99-1.1-x86_64-CHECKSUM',
      [],
      undefined,
      false,
    ],
    [
      'flatcar',
      'https://stable.release.flatcar-linux.net/amd64-usr/4230.2.4/flatcar_production_openstack_image.img.DIGESTS',
      ['0593B34A'],
      'https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc',
      false,
    ],
    [
      'kali',
      'https://kali.download/cloud-images/kali-2026.1/SHA256SUMS',
      ['C8D5E4C5'],
      'https://archive.kali.org/archive-key.asc',
      false,
    ],
    ['arch', 'https://geo.mirror.pkgbuild.com/images/v1/x.qcow2.SHA256', ['326C6F8F'], undefined, false],
    ['flatcar', 'https://mirror.example/amd64-usr/4230.2.4/x.DIGESTS', ['0593B34A'], undefined, false],
    [
      'gentoo',
      'https://distfiles.gentoo.org/releases/amd64/autobuilds/x.txt',
      ['2D182910'],
      undefined,
      false,
    ],
    [
      'almalinux',
      'https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM',
      ['6B86B3716'.slice(1)],
      'https://repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-9',
      true,
    ],
    [
      'almalinux',
      'https://user@mirror.example/pub/almalinux/8.10/cloud/x86_64/images/CHECKSUM',
      ['3ABB34F8', 'CED7258B'],
      'https://user@mirror.example/pub/almalinux/RPM-GPG-KEY-AlmaLinux-8',
      false,
    ],
    [
      'almalinux',
      'https://kitten.repo.almalinux.org/10-kitten/cloud/x86_64/images/CHECKSUM',
      [],
      undefined,
      false,
    ],
    [
      'almalinux',
      'https://repo.almalinux.org/almalinux/11/cloud/x86_64/images/CHECKSUM',
      [],
      undefined,
      false,
    ],
    [
      'rocky',
      'https://dl.rockylinux.org/pub/rocky/10/images/x86_64/CHECKSUM',
      ['6FEDFC85'],
      'https://dl.rockylinux.org/pub/rocky/RPM-GPG-KEY-Rocky-10',
      false,
    ],
    [
      'rocky',
      'https://dl.rockylinux.org/vault/rocky/9.3/images/x86_64/CHECKSUM',
      ['350D275D'],
      'https://dl.rockylinux.org/vault/rocky/RPM-GPG-KEY-Rocky-9',
      false,
    ],
    ...[
      'https://cloud-images.ubuntu.com./noble/current/SHA256SUMS',
      'https://cloud-images.ubuntu.com:443/noble/current/SHA256SUMS',
      'https://cloud-images.ubuntu.com:8443/noble/current/SHA256SUMS',
      'HTTPS://Cloud-Images.UBUNTU.com/noble/current/SHA256SUMS',
      'https://cloud-images.ubuntu.com\u3002/noble/current/SHA256SUMS',
      'https://\uff43loud-images.ubuntu.com/noble/current/SHA256SUMS',
      'https://cloud-images%2Eubuntu.com/noble/current/SHA256SUMS',
      'https://cloud\u00ad-images.ubuntu.com/noble/current/SHA256SUMS',
      'https://user@cloud-images.ubuntu.com/noble/current/SHA256SUMS',
    ].map((url): [string, string, string[], undefined, boolean] => [
      'ubuntu',
      url,
      ['7DB87C81'],
      undefined,
      true,
    ]),
    [
      'almalinux',
      'https://repo.almalinux.org./almalinux/%39/%63loud/x86_64/images/CHECKSUM',
      ['B86B3716'],
      'https://repo.almalinux.org./almalinux/RPM-GPG-KEY-AlmaLinux-9',
      true,
    ],
    [
      'almalinux',
      'https://repo.almalinux.org/almalinux/9%2E8/cloud/x86_64/images/CHECKSUM',
      ['B86B3716'],
      'https://repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-9',
      true,
    ],
  ])('%s at %s', (distribution, url, keys, keyUrl, mustBeSigned) => {
    expect(lookUp(distribution, url, '9')).toEqual({ keys, keyUrl, mustBeSigned })
  })

  it('goes by the release that is given where the URL does not tell, else by all', () => {
    expect(lookUp('almalinux', 'https://mirror.example/alma/CHECKSUM', '10')?.keys).toEqual(['C2A1E572'])
    expect(lookUp('almalinux', 'https://mirror.example/alma/CHECKSUM')?.keys).toHaveLength(4)
    expect(lookUp('almalinux', 'https://mirror.example/alma/CHECKSUM')?.keyUrl).toBeUndefined()
  })

  it('is nothing for those who do not sign', () => {
    for (const name of ['debian', 'centos']) {
      expect(lookUp(name, 'https://host.example/SHA512SUMS')).toBeUndefined()
    }
  })
})

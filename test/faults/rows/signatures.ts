import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as openpgp from 'openpgp'
import {
  armored,
  clearsign,
  encode,
  makeKey,
  signWith,
  withoutUserIds,
} from '../../discovery/signature-keys.ts'
import { hexDigest } from '../../support/world/published.ts'
import type { Group, Holds, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { failed, survived } from './outcomes.ts'

interface Signed {
  /** The key of which the fingerprint is pinned. */
  readonly pinned: openpgp.Key
  /** The key in the keyring folder; absent: none. */
  readonly ring?: openpgp.Key
  /** `CHECKSUM.asc`; absent: there is none. */
  readonly signature?: Uint8Array | string
  /** What a key server answers; absent: none is asked. Then the distribution is a mirror without its key. */
  readonly served?: Uint8Array | string | undefined
}

/** A manifest of a distribution that is known to sign, at what the program takes for its own host. */
const row = (
  fault: string,
  holds: Holds,
  sign: (manifest: string, scene: Scene) => Promise<Signed>,
  more: Partial<Row> = {},
): Row => ({
  fault,
  image: 'almalinux-9',
  inject: async (scene) => {
    const { origin, paths, home, args, env } = scene
    const manifest = await (await fetch(`${origin.url}${paths.manifest}`)).text()
    const { pinned, ring, signature, served } = await sign(manifest, scene)
    if (signature !== undefined) origin.put(`${paths.manifest}.asc`, signature)
    const keyring = join(home, 'keys')
    await mkdir(keyring)
    if (ring !== undefined) await writeFile(join(keyring, 'key.asc'), ring.toPublic().armor())
    if (served !== undefined) origin.put('/pks/lookup', served)
    args.push('--keyring', keyring, '--keyserver', served === undefined ? '' : origin.url)
    const hosts = served === undefined ? ['127.0.0.1'] : []
    const pin = { hosts, fingerprints: { 9: [pinned.getFingerprint()] } }
    env.TEST_PINS = JSON.stringify({ almalinux: pin })
  },
  ...more,
  holds,
})

/** A distribution that signs its images themselves: what is signed, and what is published with a right checksum. */
const ofImage = (
  fault: string,
  holds: Holds,
  files: (image: Uint8Array) => { readonly signed?: Uint8Array; readonly published?: Uint8Array },
): Row => ({
  fault,
  image: 'almalinux-9',
  inject: async ({ origin, image, paths, home, args, env }) => {
    const key = await makeKey()
    const { signed, published } = files(image.newest.stored)
    if (published !== undefined) {
      const manifest = await (await fetch(`${origin.url}${paths.manifest}`)).text()
      const hexOf = (bytes: Uint8Array) => hexDigest('sha256', bytes)
      origin.put(paths.manifest, manifest.replaceAll(hexOf(image.newest.stored), hexOf(published)))
      origin.put(paths.image, published)
    }
    if (signed !== undefined) {
      const date = new Date('2026-05-27')
      origin.put(`${paths.image}.asc`, armored(await signWith(signed, key, { date })))
    }
    await writeFile(join(home, 'key.asc'), key.toPublic().armor())
    args.push('--keyring', home, '--keyserver', '')
    const pin = { covers: 'image', hosts: ['127.0.0.1'], fingerprints: { 9: [key.getFingerprint()] } }
    env.TEST_PINS = JSON.stringify({ almalinux: pin })
  },
  holds,
})

const changed = (image: Uint8Array) => image.map((byte, at) => (at === image.length - 1000 ? byte ^ 1 : byte))

const detached = async (
  manifest: string,
  key: openpgp.PrivateKey | openpgp.Subkey,
  options = {},
): Promise<string> => armored(await signWith(encode(manifest), key, options))

/** Nothing is signed by whom we trust, and that is told. */
const byChecksum = { ...survived, says: /"trust": "checksum"[\s\S]*the key is not at hand/ }

const year = 365 * 24 * 60 * 60

export const signatures: Group = {
  name: 'Signatures',
  rows: [
    row('none: the signature is good', { ...survived, says: /"trust": "signed"/ }, async (manifest) => {
      const key = await makeKey()
      return { pinned: key, ring: key, signature: await detached(manifest, key) }
    }),
    row('the signature is missing', failed('SIGNATURE_MISSING'), async () => {
      const key = await makeKey()
      return { pinned: key, ring: key }
    }),
    row('the manifest was changed after it was signed', failed('SIGNATURE_BAD'), async (manifest, scene) => {
      const key = await makeKey()
      const signature = await detached(manifest, key)
      scene.origin.put(scene.paths.manifest, manifest.replace(/^[0-9a-f]{8}/, '00000000'))
      return { pinned: key, ring: key, signature }
    }),
    row('the signature is a web page', failed('SIGNATURE_BAD'), async () => {
      const key = await makeKey()
      return { pinned: key, ring: key, signature: '<!doctype html><h1>Log in</h1>' }
    }),
    row('another key signed', failed('SIGNATURE_KEY'), async (manifest) => {
      const key = await makeKey()
      return { pinned: key, ring: key, signature: await detached(manifest, await makeKey()) }
    }),
    row('another key signed, and lies in the keyring', failed('SIGNATURE_KEY'), async (manifest) => {
      const other = await makeKey()
      return { pinned: await makeKey(), ring: other, signature: await detached(manifest, other) }
    }),
    row(
      'the distribution serves another key than the pinned one',
      failed('SIGNATURE_KEY'),
      async (manifest, { origin }) => {
        const other = await makeKey()
        origin.put('/repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-9', other.toPublic().armor())
        return { pinned: await makeKey(), signature: await detached(manifest, other) }
      },
    ),
    row('the key has expired', failed('SIGNATURE_KEY'), async (manifest) => {
      const key = await makeKey({ keyExpirationTime: 1.5 * year })
      return { pinned: key, ring: key, signature: await detached(manifest, key) }
    }),
    row('the key is revoked', failed('SIGNATURE_KEY'), async (manifest) => {
      const key = await makeKey()
      const { publicKey } = await openpgp.revokeKey({ key, date: new Date('2025-03-01'), format: 'object' })
      return { pinned: key, ring: publicKey, signature: await detached(manifest, key) }
    }),
    row('the signature has expired', failed('SIGNATURE_BAD'), async (manifest) => {
      const key = await makeKey()
      return { pinned: key, ring: key, signature: await detached(manifest, key, { lifetime: 3600 }) }
    }),
    row('the signature is made with SHA-1', failed('SIGNATURE_BAD'), async (manifest) => {
      const key = await makeKey({ type: 'rsa', rsaBits: 2048 })
      const options = { hash: openpgp.enums.hash.sha1 }
      return { pinned: key, ring: key, signature: await detached(manifest, key, options) }
    }),
    row('the signature is dated in the future', failed('SIGNATURE_BAD'), async (manifest) => {
      const key = await makeKey()
      const options = { date: new Date(Date.now() + 30 * 24 * 3_600_000) }
      return { pinned: key, ring: key, signature: await detached(manifest, key, options) }
    }),
    row(
      'none: the manifest is clearsigned',
      { ...survived, says: /"trust": "signed"/ },
      async (manifest, scene) => {
        const key = await makeKey()
        scene.origin.put(scene.paths.manifest, await clearsign(manifest, key))
        return { pinned: key, ring: key }
      },
    ),
    row(
      'unsigned lines in front of a clearsigned manifest',
      failed('SIGNATURE_BAD'),
      async (manifest, scene) => {
        const key = await makeKey()
        const text = `${'0'.repeat(64)}  AlmaLinux-9-GenericCloud-latest.x86_64.qcow2\n${await clearsign(manifest, key)}`
        scene.origin.put(scene.paths.manifest, text)
        return { pinned: key, ring: key }
      },
    ),
    row('a line is added to a clearsigned manifest', failed('SIGNATURE_BAD'), async (manifest, scene) => {
      const key = await makeKey()
      const text = (await clearsign(manifest, key)).replace(
        '-----BEGIN PGP SIGNATURE',
        `${'0'.repeat(64)}  AlmaLinux-9-GenericCloud-9.9-20270101.x86_64.qcow2\n-----BEGIN PGP SIGNATURE`,
      )
      scene.origin.put(scene.paths.manifest, text)
      return { pinned: key, ring: key }
    }),
    row(
      'none: the key comes from a key server, without user ids',
      { ...survived, says: /"trust": "signed"/ },
      async (manifest) => {
        const key = await makeKey()
        return { pinned: key, signature: await detached(manifest, key), served: withoutUserIds(key) }
      },
    ),
    row('a key server answers with another key, which signed', byChecksum, async (manifest) => {
      const other = await makeKey()
      const signature = await detached(manifest, other)
      return { pinned: await makeKey(), signature, served: other.toPublic().armor() }
    }),
    row('a key server hangs a subkey that signed onto the pinned key', byChecksum, async (manifest) => {
      const [pinned, other] = [await makeKey(), await makeKey({ subkeys: [{ sign: true }] })]
      const subkey = new openpgp.PacketList<openpgp.AnyPacket>()
      subkey.push(...other.toPublic().toPacketList().slice(3))
      const served = Buffer.concat([pinned.toPublic().write(), subkey.write()])
      return { pinned, signature: await detached(manifest, other.subkeys[0] ?? other), served }
    }),
    row('a key server answers with a web page', byChecksum, async (manifest) => {
      const key = await makeKey()
      return { pinned: key, signature: await detached(manifest, key), served: '<h1>Log in</h1>' }
    }),
    row('a key server serves a revoked key', failed('SIGNATURE_KEY'), async (manifest) => {
      const key = await makeKey()
      const { publicKey } = await openpgp.revokeKey({ key, date: new Date('2025-03-01'), format: 'object' })
      return { pinned: key, signature: await detached(manifest, key), served: publicKey.armor() }
    }),
    ofImage(
      'none: the signature is of the image itself',
      { ...survived, says: /"trust": "signed"/ },
      (signed) => ({ signed }),
    ),
    ofImage(
      'a byte of a signed image was changed, and its checksum, too',
      failed('SIGNATURE_BAD'),
      (image) => ({
        signed: image,
        published: changed(image),
      }),
    ),
    ofImage('the signature of an image is that of another file', failed('SIGNATURE_BAD'), (image) => ({
      signed: changed(image),
    })),
    ofImage('the signature of an image is missing', failed('SIGNATURE_MISSING'), () => ({})),
    {
      fault: 'a signature is required of a distribution that has none',
      image: 'centos-stream-9',
      args: ['--signatures', 'require'],
      holds: { ...failed('SIGNATURE_MISSING'), other: 'old' },
    },
  ],
}

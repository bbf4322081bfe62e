import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DistributionSignature } from '../../../src/discovery/resolver.ts'
import { createSignatureMemory } from '../../../src/run/signed-before.ts'
import { openMemory } from '../../../src/state.ts'
import { armored, encode, makeKey, signWith } from '../../discovery/signature-keys.ts'
import { hexDigest } from '../../support/world/published.ts'
import type { Group, Holds, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { failed, survived } from './outcomes.ts'

/** Signs the image's manifest as its distribution does, at a host that is its own, with a key in the keyring folder. */
async function sign(scene: Scene, resolver: string, date: string, pin: Partial<DistributionSignature> = {}) {
  const { origin, paths, home, args, env } = scene
  const key = await makeKey()
  const manifest = await (await fetch(`${origin.url}${paths.manifest}`)).text()
  const signature = armored(await signWith(encode(manifest), key, { date: new Date(date) }))
  for (const suffix of ['.asc', '.gpg']) origin.put(paths.manifest + suffix, signature)
  await mkdir(join(home, 'keys'))
  await writeFile(join(home, 'keys', 'key.asc'), key.toPublic().armor())
  args.push('--keyring', join(home, 'keys'), '--keyserver', '')
  const fingerprints = [key.getFingerprint()]
  env.TEST_PINS = JSON.stringify({ [resolver]: { hosts: ['127.0.0.1'], fingerprints, ...pin } })
}

/** An earlier run has seen a signature of the image. */
async function sawBefore({ args, file, home, image }: Scene, date: string): Promise<void> {
  const folder = join(home, 'state')
  const memory = createSignatureMemory(openMemory(folder, expect.fail), new Date(date))
  memory.saw({ file, name: names[image.shortname] ?? '' }, new Date(date))
  await memory.keep()
  args.push('--state-dir', folder)
}

const names: Readonly<Record<string, string>> = {
  'almalinux-9': 'AlmaLinux 9',
  'ubuntu-24.04': 'Ubuntu 24.04',
}

/** The newest folder of Ubuntu's daily builds. */
const inNewestFolder = (scene: Scene) => {
  scene.paths.manifest = '/cloud-images.ubuntu.com/noble/20260705/SHA256SUMS'
}

const row = (
  fault: string,
  holds: Holds,
  inject: (scene: Scene) => void | Promise<void>,
  more: Partial<Row> = {},
): Row => ({
  fault,
  image: 'ubuntu-24.04',
  inject,
  holds,
  ...more,
})

/** A folder whose name is of the future, with everything in it that a build has. */
function forge({ origin, paths }: Scene, folder: string, bytes: Uint8Array): void {
  const base = '/cloud-images.ubuntu.com/noble/'
  const name = paths.image.slice(paths.image.lastIndexOf('/') + 1)
  origin.put(`${base}${folder}/${name}`, bytes)
  origin.put(`${base}${folder}/SHA256SUMS`, `${hexDigest('sha256', bytes)} *${name}\n`)
}

export const rollback: Group = {
  name: 'Old builds under new names',
  rows: [
    row(
      'an old signed manifest in a folder of a later day',
      { ...failed('DISCOVERY_DATE'), says: /2026-07-05[\s\S]*2026-03-01/ },
      async (scene) => {
        inNewestFolder(scene)
        await sign(scene, 'ubuntu', '2026-03-01')
      },
    ),
    row(
      'none: a manifest is signed anew, long after its build',
      { ...survived, says: /"trust": "signed"/ },
      async (scene) => {
        inNewestFolder(scene)
        await sign(scene, 'ubuntu', '2026-09-20')
      },
    ),
    row(
      'none: a signed manifest without a date is of the day of its signature',
      { ...survived, says: /"trust": "signed"/ },
      async (scene) => {
        Object.assign(scene.image.newest, { version: '20260512' })
        await sign(scene, 'rocky', '2026-05-12T23:00:00Z')
      },
      { image: 'rocky-9' },
    ),
    row(
      'an older signature than the last one, under a name of a later day',
      { ...failed('DOWNGRADE'), says: /signed on 2026-05-26/ },
      async (scene) => {
        await sign(scene, 'almalinux', '2026-05-26')
        await sawBefore(scene, '2026-05-27')
      },
      { image: 'almalinux-9' },
    ),
    row(
      'none: an older signature is let in',
      survived,
      async (scene) => {
        await sign(scene, 'almalinux', '2026-05-26')
        await sawBefore(scene, '2026-05-27')
      },
      { image: 'almalinux-9', args: ['--allow-downgrade'] },
    ),
    row(
      'an older signature than that of the object on the mirror',
      { ...failed('DOWNGRADE'), object: false },
      async (scene) => {
        await sign(scene, 'almalinux', '2026-05-26')
        await onMirror(scene, '2026-05-27')
      },
      { image: 'almalinux-9', mirror: 'folder' },
    ),
    row(
      'the signature is gone of an image that had one',
      { ...failed('SIGNATURE_LOST'), says: /--accept-unsigned/ },
      (scene) => sawBefore(scene, '2026-05-27'),
      { image: 'almalinux-9' },
    ),
    row(
      'the key is gone of an image that was signed',
      failed('SIGNATURE_LOST'),
      async (scene) => {
        await sign(scene, 'almalinux', '2026-06-26', { fingerprints: ['0'.repeat(40)], hosts: [] })
        await sawBefore(scene, '2026-05-27')
      },
      { image: 'almalinux-9' },
    ),
    row(
      'none: it is accepted that the signature is gone',
      { ...survived, says: /that is accepted from now on/ },
      (scene) => sawBefore(scene, '2026-05-27'),
      { image: 'almalinux-9', args: ['--accept-unsigned', 'AlmaLinux 9'] },
    ),
    row(
      'a missing signature at another spelling of the own host',
      failed('SIGNATURE_MISSING'),
      async (scene) => {
        await sign(scene, 'almalinux', '2026-05-26')
        scene.origin.remove(`${scene.paths.manifest}.asc`)
        await scene.rewrite((text) =>
          text
            .replace('/AlmaLinux-9-GenericCloud-latest', '/%41lmaLinux-9-GenericCloud-latest')
            .replace(
              'almalinux/9/cloud/x86_64/images/CHECKSUM',
              'almalinux/%39/%63loud/x86_64/images/CHECKSUM',
            ),
        )
      },
      { image: 'almalinux-9' },
    ),
    row('a folder of the year 2099', { ...survived, says: /20991231, dated in the future/ }, (scene) =>
      forge(scene, '20991231', encode('forged')),
    ),
    row('no folder but one of the year 2099', failed('DISCOVERY_DATE'), ({ origin }) => {
      origin.put('/cloud-images.ubuntu.com/noble/', '<a href="20991231/">20991231/</a>')
    }),
    row(
      'a catalogue that names a day of the future',
      { ...failed('DOWNGRADE'), says: /dated in the future, which no build can be/ },
      (scene) =>
        scene.rewrite((text) =>
          text.replaceAll('20260108', '20991231').replaceAll('2026-01-08', '2099-12-31'),
        ),
    ),
    row(
      'none: a catalogue that names a day of the future is mended',
      survived,
      (scene) =>
        scene.rewrite((text) =>
          text.replaceAll('20260108', '20991231').replaceAll('2026-01-08', '2099-12-31'),
        ),
      { args: ['--allow-downgrade'] },
    ),
  ],
}

/** The catalogue names an object on this mirror whose record tells when it was signed. */
async function onMirror(scene: Scene, date: string): Promise<void> {
  const { mirrorDir, image } = scene
  const name = `20251118-${image.shortname}.qcow2`
  const bytes = encode('an earlier build')
  const checksum = `sha256:${hexDigest('sha256', bytes)}`
  await mkdir(join(mirrorDir, image.shortname))
  await writeFile(join(mirrorDir, image.shortname, name), bytes)
  const record = { checksum, sourceChecksum: checksum, size: bytes.length, signed: `${date}T00:00:00Z` }
  await writeFile(join(mirrorDir, image.shortname, `.${name}.json`), JSON.stringify(record))
  await scene.rewrite((text) =>
    text.replace(/https:\/\/mirror\.example\.org\/openstack-images\//g, `file://${mirrorDir}/`),
  )
}

import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { pruneMirror } from '../../src/index.ts'
import { openMemory } from '../../src/state.ts'
import { cloudEntry } from '../support/cloud-world.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'waiting-'))
  return () => rm(root, { recursive: true, force: true })
})

describe('prune', () => {
  it('keeps the object of a build that waits for its age before it goes into a cloud', async () => {
    const url = (day: string) => `https://mirror.example.org/debian-12/${day}-debian-12.qcow2`
    const folder = join(root, 'mirror', 'debian-12')
    await mkdir(folder, { recursive: true })
    for (const day of ['20260101', '20260201', '20260301']) {
      const path = join(folder, `${day}-debian-12.qcow2`)
      await writeFile(path, 'x')
      await utimes(path, 1e9, 1e9)
    }
    const version = { version: '20260301', mirror_url: url('20260301'), checksum: `sha256:${'a'.repeat(64)}` }
    await writeFile(join(root, 'a.yml'), stringify({ images: [cloudEntry('Debian 12', [version])] }))
    const stateDir = join(root, 'state')
    const waiting = { version: '20260201', mirrorUrl: url('20260201'), isHidden: false, meta: {} }
    const candidates = { 'Debian 12': { firstSeen: '2026-02-02T00:00:00Z', version: waiting } }
    await openMemory(stateDir, () => {}).remember('candidates-0', candidates, 'Builds')
    const mirror = {
      kind: 'directory',
      dir: join(root, 'mirror'),
      baseUrl: 'https://mirror.example.org',
    } as const
    const { objects } = await pruneMirror({ images: [join(root, 'a.yml')], mirror, stateDir, remove: true })
    expect(objects.map(({ key, status }) => [key, status])).toEqual([
      ['debian-12/20260101-debian-12.qcow2', 'removed'],
    ])
    expect((await readdir(folder)).filter((name) => name.endsWith('.qcow2'))).toHaveLength(2)
  })
})

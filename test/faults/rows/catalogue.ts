import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lockCatalog } from '../../../src/catalog/lock.ts'
import { fillDisk, lacksMounting, makeReadOnly } from '../disk.ts'
import type { Group, Holds, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { failed, refused, survived } from './outcomes.ts'

/** The catalogue file of the image is not what it should be when the run begins. */
const broken = (fault: string, change: (text: string) => string, holds: Holds): Row => ({
  fault: `a file ${fault}`,
  inject: (scene) => scene.rewrite(change),
  holds,
})

/** Somebody does something while the image is being downloaded. */
const meanwhile = (
  fault: string,
  act: (scene: Scene) => void,
  holds: Holds,
  more: Partial<Row> = {},
): Row => ({
  fault: `meanwhile ${fault}`,
  inject: (scene) => scene.origin.fault(scene.paths.image, {}, { reached: () => act(scene) }),
  holds,
  ...more,
})

/** What somebody else wrote stands there afterwards. */
function change(scene: Scene, replace: (text: string) => string): void {
  const text = replace(readFileSync(scene.file, 'utf8'))
  writeFileSync(scene.file, text)
  scene.before[scene.image.file] = text
}

function forget({ file, image, before }: Scene): void {
  rmSync(file)
  delete before[image.file]
}

const aliases = (depth: number) =>
  Array.from({ length: depth }, (_, level) => `a${level}: &a${level} [${`*a${level - 1},`.repeat(9)}x]`)
    .join('\n')
    .replace(/\*a-1,/g, 'x,')

const unreadable: readonly Row[] = [
  broken(
    'with a syntax error',
    (text) => text.replace('min_disk: 10', 'min_disk: "10'),
    refused('CATALOG_SYNTAX'),
  ),
  broken(
    'whose image is at an address of FTP',
    (text) => text.replace(/(latest_url:\s[^h]*)http:/, '$1ftp:'),
    failed('DISCOVERY_UNSUPPORTED'),
  ),
  broken(
    'whose checksums are at no address',
    (text) => text.replace(/latest_checksum_url: .*/, 'latest_checksum_url: SHA256SUMS'),
    failed('DISCOVERY_UNSUPPORTED'),
  ),
  broken(
    'with the same key twice',
    (text) => text.replace('min_ram: 512', 'min_disk: 512'),
    refused('CATALOG_SYNTAX'),
  ),
  broken('of two documents', (text) => `${text}\n---\n${text}`, refused('CATALOG_SYNTAX')),
  broken('with aliases that explode', (text) => `${aliases(30)}\n${text.replace('---\n', '')}`, survived),
  broken(
    'nested 20,000 deep',
    (text) => `deep: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n${text.replace('---\n', '')}`,
    refused('CATALOG_SYNTAX'),
  ),
  broken(
    'with a line of 500,000 characters',
    (text) => `long: [${'{"a": 1},'.repeat(55_000)}]\n${text.replace('---\n', '')}`,
    refused('CATALOG_SYNTAX'),
  ),
  broken(
    'whose latest_url is a list',
    (text) => text.replace(/latest_url: \n +(\S+)/, 'latest_url: [$1]'),
    refused('CATALOG_TYPE'),
  ),
  broken(
    'whose latest_url is of this machine',
    (text) => text.replace(/latest_url: \n +\S+/, 'latest_url: file:///etc/passwd'),
    failed('DISCOVERY_UNSUPPORTED'),
  ),
  broken(
    'whose shortname leads out of the mirror',
    (text) => text.replace('shortname: rocky-9', 'shortname: ../../rocky-9'),
    { ...refused('CATALOG_TYPE') },
  ),
  broken(
    'that gives two images one shortname',
    (text) => `${text}${text.replace('---\nimages:\n', '').replaceAll('GenericCloud', 'Other')}`,
    refused('CATALOG_TYPE'),
  ),
  broken('without images', () => 'images: 7\n', refused('CATALOG_TYPE')),
  {
    fault: 'a file that is not UTF-8',
    inject: async ({ folder }) => {
      await writeFile(join(folder, 'zz.yml'), Buffer.from([0x69, 0xff, 0xfe, 0x0a]))
    },
    holds: { ...refused('CATALOG_UNREADABLE'), beside: ['zz.yml'] },
  },
  {
    fault: 'a symbolic link that leads nowhere',
    inject: async ({ folder }) => symlink('/nowhere/at/all.yml', join(folder, 'zz.yml')),
    holds: { ...refused('CATALOG_UNREADABLE'), beside: ['zz.yml'] },
  },
  {
    fault: 'a file that is a symbolic link',
    inject: async (scene) => {
      const elsewhere = await mkdtemp(join(tmpdir(), 'image-updater-linked-'))
      scene.onEnd(() => rm(elsewhere, { recursive: true }))
      renameSync(scene.file, join(elsewhere, 'rocky.yml'))
      symlinkSync(join(elsewhere, 'rocky.yml'), scene.file)
    },
    holds: survived,
  },
]

const contested: readonly Row[] = [
  meanwhile(
    'somebody adds a comment',
    (scene) => change(scene, (text) => text.replace('---\n', '---\n# Mine.\n')),
    {
      ...survived,
      more: ({ file }) => expect(readFileSync(file, 'utf8')).toContain('# Mine.\n'),
    },
  ),
  meanwhile(
    'somebody changes the same entry',
    (scene) => change(scene, (text) => text.replace("version: '20251123'", "version: '20251231'")),
    { ...failed('CATALOG_CHANGED'), object: true },
  ),
  meanwhile('the file becomes something else', (scene) => change(scene, () => 'other: 1\n'), {
    ...failed('CATALOG_CHANGED'),
    object: true,
  }),
  meanwhile('the file is removed', forget, {
    ...failed('CATALOG_UNREADABLE'),
    object: true,
  }),
  {
    fault: 'another run works on the folder',
    inject: async (scene) => {
      const lock = await lockCatalog(scene.folder)
      scene.onEnd(() => lock.release())
    },
    holds: {
      ...refused('CATALOG_LOCKED'),
      status: 75,
      beside: ['.images.image-updater.lock'],
      says: /process \d+/,
    },
  },
  {
    fault: 'the lock is a pipe that nobody writes to',
    inject: ({ home }) => void execFileSync('mkfifo', [join(home, '.images.image-updater.lock')]),
    holds: {
      ...refused('CATALOG_LOCKED'),
      status: 75,
      beside: ['.images.image-updater.lock'],
      says: /an unknown process/,
    },
  },
  {
    fault: 'a run that is gone has left its lock',
    inject: async ({ folder }) => {
      const { pid } = spawnSync('true')
      const holder = { id: '0123456789abcdef', pid, host: hostname(), since: '2025-01-01T00:00:00.000Z' }
      await writeFile(join(folder, '.image-updater.lock'), `${JSON.stringify(holder)}\n`)
      await import('node:fs/promises').then(({ utimes }) => utimes(join(folder, '.image-updater.lock'), 1, 1))
    },
    holds: survived,
  },
  {
    fault: 'a lock that holds nothing sensible, an hour old',
    inject: async ({ folder }) => {
      await writeFile(join(folder, '.image-updater.lock'), '\u0000\u0000')
      await utimes(join(folder, '.image-updater.lock'), 1, 1)
    },
    holds: survived,
  },
]

const disks: readonly Row[] = [
  {
    fault: 'a read-only catalogue',
    lacks: lacksMounting,
    inject: async (scene) => {
      await scene.onDiskOf('10m')
      makeReadOnly(scene.home)
    },
    holds: refused('CATALOG_UNWRITABLE'),
  },
  {
    fault: 'a catalogue on a full disk',
    lacks: lacksMounting,
    inject: async (scene) => {
      await scene.onDiskOf('1m')
      fillDisk(scene.home)
    },
    holds: refused('CATALOG_UNWRITABLE'),
  },
  meanwhile(
    'the disk of the catalogue becomes full',
    ({ home }) => fillDisk(home),
    {
      ...failed('CATALOG_UNWRITABLE'),
      object: true,
      other: 'either',
    },
    {
      lacks: lacksMounting,
      inject: async (scene) => {
        await scene.onDiskOf('1m')
        scene.origin.fault(scene.paths.image, {}, { reached: () => fillDisk(scene.home) })
      },
    },
  ),
  {
    fault: 'a mirror in a folder on a full disk',
    mirror: 'folder',
    lacks: lacksMounting,
    inject: (scene) => scene.onDiskOf('120k'),
    holds: { ...failed('STORE_FAILED'), other: 'old' },
  },
  {
    fault: 'a mirror in a folder that does not exist',
    mirror: 'folder',
    inject: ({ mirrorDir }) => rm(mirrorDir, { recursive: true }),
    holds: refused('STORE_BUCKET'),
  },
  {
    fault: 'a file where the mirror’s folder of the image should be',
    mirror: 'folder',
    inject: ({ mirrorDir }) => writeFile(join(mirrorDir, 'rocky-9'), ''),
    holds: failed('STORE_FAILED'),
  },
  {
    fault: 'a symbolic link in the mirror that leads out of it',
    mirror: 'folder',
    inject: async (scene) => {
      const elsewhere = await mkdtemp(join(tmpdir(), 'image-updater-out-'))
      scene.onEnd(() => rm(elsewhere, { recursive: true }))
      await symlink(elsewhere, join(scene.mirrorDir, 'rocky-9'))
    },
    holds: failed('STORE_DENIED'),
  },
]

export const catalogue: Group = { name: 'Catalogue and disks', rows: [...unreadable, ...contested, ...disks] }

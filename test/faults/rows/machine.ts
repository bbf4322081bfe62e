import { execFileSync } from 'node:child_process'
import { linkSync, mkdtempSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Ended, startCommand } from '../command.ts'
import type { Group, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { refused, survived } from './outcomes.ts'

/** Runs another command than `update`, which has 20 s for what takes none. */
async function runOther(scene: Scene, args: readonly string[], folder?: string): Promise<Ended> {
  const { child, ended } = startCommand(args, { HOME: scene.home }, folder)
  const killing = setTimeout(() => child.kill('SIGKILL'), 20_000)
  return ended.finally(() => clearTimeout(killing))
}

/** A file's digest is told only to who compares it with a wrong one. */
const catalogueOf = (url: string) => `images:
  - name: Stranger
    shortname: stranger
    format: qcow2
    enable: true
    versions:
      - version: '20260101'
        url: ${url}
        checksum: sha256:${'0'.repeat(64)}
`

/** A catalogue names a file of this machine, and the operator has named the folder of the mirror. */
const named = (
  fault: string,
  path: string,
  make: (scene: Scene, path: string) => unknown,
  says: RegExp,
): Row => ({
  fault: `verify --full of a catalogue that names ${fault}`,
  holds: {
    ...survived,
    more: async (scene) => {
      const file = path.startsWith('/') ? path : join(scene.home, path)
      await make(scene, file)
      const folder = join(scene.home, 'strangers')
      await mkdir(folder)
      await writeFile(join(folder, 'a.yml'), catalogueOf(`file://${file}`))
      const { status, out } = await runOther(scene, [
        ...['verify', '--full', '--output', 'json', '--images', folder, '--file-root', scene.mirrorDir],
      ])
      expect(out).toMatch(says)
      expect(out).not.toMatch(/sha256:(?!0{64})/)
      expect(status).toBeGreaterThan(0)
    },
  },
})

const elsewhere = /lies below no folder that --file-root or --mirror-dir names/

const files: readonly Row[] = [
  named('a file of this machine', 'id_ed25519', (_, path) => writeFile(path, 'secret'), elsewhere),
  named('/proc/self/environ', '/proc/self/environ', () => {}, elsewhere),
  named('/dev/zero', '/dev/zero', () => {}, elsewhere),
  named(
    'a file that is reached by ..',
    'mirror/../id_ed25519',
    (_, path) => writeFile(path, 'secret'),
    elsewhere,
  ),
  named(
    'a symbolic link that leads out of the mirror’s folder',
    'mirror/link',
    (_, path) => symlink('/etc/passwd', path),
    elsewhere,
  ),
  named('a pipe', 'mirror/pipe', (_, path) => execFileSync('mkfifo', [path]), /is no regular file/),
  named('a folder', 'mirror/folder', (_, path) => mkdir(path), /is no regular file/),
  named('a link to a device', 'mirror/zero', (_, path) => symlink('/dev/zero', path), elsewhere),
]

/** A hook says which names its environment and its input have. */
const hooked = (fault: string, name: string, inEnvironment: RegExp): Row => ({
  fault: `a hook after the update of an image whose name ${fault}`,
  inject: (scene) => scene.rewrite((text) => text.replace('name: Rocky 9', `name: "${name}"`)),
  args: [
    '--on-update',
    `printf %s "names: \${IMAGE_UPDATER_NAMES-only in the report}." | tr "\\n" "|"; echo; tr -d "\\n" | cut -c 1-26`,
  ],
  holds: {
    ...survived,
    says: new RegExp(`${inEnvironment.source}(?=[\\s\\S]*hook - \\{ *"schema_version": 1)`),
  },
})

/** Sets and reads what Node has no calls for. The list names the user 12345, and gives the group nothing. */
const python = (code: string, path: string) =>
  execFileSync('python3', ['-c', `import os,sys,struct;p=sys.argv[1];${code}`, path]).toString()
const endedUbuntu = (number: number) => `  - name: Ubuntu 16.04 (${number})
    shortname: ubuntu-16.04-${number}
    format: qcow2
    enable: true
    meta: { os_distro: ubuntu, os_version: '16.04' }
    latest_url: https://cloud-images.ubuntu.com/releases/16.04/release/ubuntu-16.04-server-cloudimg-amd64.img
    versions: []
`

const list = `struct.pack('<I',2)+b''.join(struct.pack('<HHI',*e) for e in [(1,6,2**32-1),(2,4,12345),(4,0,2**32-1),(16,4,2**32-1),(32,0,2**32-1)])`
const set = `os.setxattr(p,'system.posix_acl_access',${list});os.setxattr(p,'user.note',b'kept')`
const show = `print(*sorted((n,os.getxattr(p,n)) for n in os.listxattr(p) if n[:4] in ('user','syst')))`

function lacksAttributes(): string | undefined {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'attributes-'))
    python(set, folder)
    rmdirSync(folder)
    return undefined
  } catch {
    return 'Python or a file system with access control lists'
  }
}

const attributes: readonly Row[] = [
  {
    fault: 'a catalogue file with an access control list and an attribute',
    lacks: lacksAttributes,
    inject: ({ file }) => void python(set, file),
    holds: {
      ...survived,
      more: ({ file, home }) => {
        const like = join(home, 'like')
        writeFileSync(like, '')
        python(set, like)
        expect(python(show, file)).toBe(python(show, like))
        expect(statSync(file).mode & 0o777).toBe(0o640)
      },
    },
  },
  {
    fault: 'a catalogue file whose attributes cannot be kept',
    inject: async (scene) => {
      const bin = join(scene.home, 'bin')
      await mkdir(bin)
      await writeFile(
        join(bin, 'cp'),
        '#!/bin/sh\necho "cp: setting attributes: Not permitted" >&2\nexit 1\n',
        {
          mode: 0o755,
        },
      )
      scene.env.PATH = `${bin}:${process.env.PATH}`
    },
    holds: {
      ...refused('CATALOG_UNWRITABLE'),
      says: /its access control list, attributes or label cannot be kept: cp: setting/,
    },
  },
  {
    fault: 'a catalogue file that has a second name',
    inject: ({ file, home }) => linkSync(file, join(home, 'second.yml')),
    holds: { ...survived, says: /has 2 names \(hard links\): the text changes under this one alone/ },
  },
]

const told = /hook - names: only in the report\./
const hooks: readonly Row[] = [
  hooked('is longer than a variable', 'R'.repeat(140_000), told),
  hooked('holds NUL', 'Rocky\\09', told),
  hooked('holds a line break, as if it were two', 'Rocky 9\\nDebian 13', told),
]

/** In the folder in which the command runs, where nobody has named it. */
const found = (fault: string, text: string): Row => ({
  fault: `a configuration file that nobody named with ${fault}`,
  holds: {
    ...survived,
    more: async (scene) => {
      await writeFile(join(scene.home, 'image-updater.yml'), text)
      const { status, err } = await runOther(scene, ['check', '--images', scene.folder], scene.home)
      expect(err).toContain('is not taken from a file that was merely found in the working folder')
      expect(status).toBe(2)
    },
  },
})

const source =
  'sources: [{ name: own, images: rocky-9, strategy: first-use, latest_url: https://evil.example/a }]\n'
const configurations: readonly Row[] = [
  found('a source of its own', source),
  found('a catalogue of its own', 'images: images\n'),
  found('an address of the mirror', 'mirror_base_url: https://evil.example\n'),
  found('dates of releases', 'endoflife_api: https://evil.example\n'),
  {
    fault: 'lifecycle --fix where six images have ended at once',
    holds: {
      ...survived,
      more: async (scene) => {
        const folder = join(scene.home, 'ended')
        await mkdir(folder)
        const ended = [1, 2, 3, 4, 5, 6].map(endedUbuntu)
        const file = join(folder, 'a.yml')
        const text = `images:\n${ended.join('')}`
        await writeFile(file, text)
        const fix = ['lifecycle', '--fix', '--offline', '--images', folder]
        const refused = await runOther(scene, fix)
        expect(refused.out + refused.err).toContain(
          '6 images would be switched off, more than 5 at once: none is',
        )
        expect(refused.status).toBe(1)
        expect(readFileSync(file, 'utf8')).toBe(text)
        await runOther(scene, [...fix, '--yes'])
        expect(readFileSync(file, 'utf8')).toBe(text.replaceAll('enable: true', 'enable: false'))
      },
    },
  },
]

export const machine: Group = {
  name: 'This machine',
  rows: [...files, ...hooks, ...attributes, ...configurations],
}

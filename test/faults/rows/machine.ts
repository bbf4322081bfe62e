import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Ended, startCommand } from '../command.ts'
import type { Group, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { survived } from './outcomes.ts'

/** Runs another command than `update`, which has 20 s for what takes none. */
export async function runOther(scene: Scene, args: readonly string[], more = {}): Promise<Ended> {
  const { child, ended } = startCommand(args, { HOME: scene.home, ...more })
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

const told = /hook - names: only in the report\./
const hooks: readonly Row[] = [
  hooked('is longer than a variable', 'R'.repeat(140_000), told),
  hooked('holds NUL', 'Rocky\\09', told),
  hooked('holds a line break, as if it were two', 'Rocky 9\\nDebian 13', told),
]

export const machine: Group = { name: 'This machine', rows: [...files, ...hooks] }

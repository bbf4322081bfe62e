import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { withExitStatus } from '../../../src/report/json.ts'
import { outcome, reportOf } from '../../cli/support.ts'
import { startForge } from '../../propose/forge-server.ts'
import { type Ended, startCommand } from '../command.ts'
import type { Group, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { refused, survived } from './outcomes.ts'

/** Runs another command than `update`, which has 20 s for what takes none. */
async function runOther(
  scene: Scene,
  args: readonly string[],
  folder?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { child, ended } = startCommand(args, { HOME: scene.home, ...env }, folder)
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
  hooked('is longer than a variable', `${'R'.repeat(50_000)}\\\n      `.repeat(3), told),
  hooked('holds NUL', 'Rocky\\09', told),
  hooked('holds a line break, as if it were two', 'Rocky 9\\nDebian 13', told),
]

/** In the folder in which the command runs, where nobody has named it. */
const foundAs = (fault: string, make: (path: string) => Promise<void>, says: string): Row => ({
  fault: `a configuration file that nobody named ${fault}`,
  holds: {
    ...survived,
    more: async (scene) => {
      await make(join(scene.home, 'image-updater.yml'))
      const { status, err } = await runOther(scene, ['check', '--images', scene.folder], scene.home)
      expect(err).toContain(says)
      expect(err.split('\n').length).toBeLessThan(150)
      expect(status).toBe(2)
    },
  },
})
const found = (fault: string, text: string): Row =>
  foundAs(
    `with ${fault}`,
    (path) => writeFile(path, text),
    'is not taken from a file that was merely found in the working folder',
  )

const source =
  'sources: [{ name: own, images: rocky-9, strategy: first-use, latest_url: https://evil.example/a }]\n'
const configurations: readonly Row[] = [
  found('a source of its own', source),
  found('a catalogue of its own', 'images: images\n'),
  found('an address of the mirror', 'mirror_base_url: https://evil.example\n'),
  found('dates of releases', 'endoflife_api: https://evil.example\n'),
  foundAs(
    'that is a link to a device without end',
    (path) => symlink('/dev/zero', path),
    'cannot be read: it is no regular file',
  ),
  foundAs(
    'with 5,000 keys that there are not',
    (path) => writeFile(path, Array.from({ length: 5_000 }, (_, index) => `key${index}: 1\n`).join('')),
    'There are more than 100 defects: the others are not told',
  ),
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

/** A file is read whole, however many defects it has; the first hundred are told, and that there are more. */
const defective = (fault: string, text: string): Row => ({
  fault: `a catalogue file with ${fault}`,
  holds: {
    ...survived,
    more: async (scene) => {
      const folder = join(scene.home, 'defective')
      await mkdir(folder)
      await writeFile(join(folder, 'a.yml'), text)
      const run = (...args: string[]) => runOther(scene, [...args, '--images', folder])
      const checked = JSON.parse((await run('check', '--output', 'json')).out)
      expect(checked.errors).toHaveLength(101)
      expect(checked.errors[100].message).toMatch(/^There are more than 100 defects/)
      const list = await run('list')
      expect(list.err).toContain('There are more than 100 defects')
      expect(list.err.split('\n').length).toBeLessThan(500)
      const found = JSON.parse((await run('validate', '--output', 'json')).out)
      const errors = found.findings.filter(({ severity }: { severity: string }) => severity === 'error')
      expect(errors).toHaveLength(101)
      const annotations = (await run('validate', '--output', 'github')).out
      expect(annotations.split('\n').filter((line) => line.startsWith('::error'))).toHaveLength(101)
      expect(annotations).toMatch(/^::error .*title=too-many::/m)
    },
  },
})

const defects: readonly Row[] = [
  defective('3000 entries that are no images', `images:\n${'- 1\n'.repeat(3000)}`),
  defective('3000 images without a name', `images:\n${'- {}\n'.repeat(3000)}`),
  defective('3000 versions that are none', `images:\n- name: A\n  versions:\n${'  - 1\n'.repeat(3000)}`),
  {
    fault: 'a catalogue file of two million words',
    inject: (scene) => scene.rewrite(() => `images:\n${'- 1\n'.repeat(500_000)}`),
    holds: { ...refused('CATALOG_SYNTAX'), says: /has more than 2000000 words and signs/, memory: 1000 },
  },
]

const command = fileURLToPath(new URL('../../../bin/image-updater', import.meta.url))

/** Where no more files can be opened the program says so, and in the report if it comes to one. */
const descriptors: readonly Row[] = [
  ...[24, 34, 40, 48, 60].map(
    (count): Row => ({
      fault: `a limit of ${count} open files`,
      holds: {
        ...survived,
        more: async (scene) => {
          const line = `ulimit -n ${count}; exec "${command}" update --no-mirror --images "${scene.folder}"`
          const { status, stderr } = spawnSync('sh', ['-c', line], {
            encoding: 'utf8',
            env: { PATH: process.env.PATH, HOME: scene.home },
          })
          expect(stderr).toMatch(/too many (?:open )?files/i)
          expect(stderr).toContain('ulimit -n')
          expect(stderr).not.toMatch(/\n {4}at |defect of/)
          expect([2, 70]).toContain(status)
        },
      },
    }),
  ),
  {
    fault: 'no open files left at the first connection',
    holds: {
      ...survived,
      more: async (scene) => {
        const args = ['update', '--output', 'json', '--mirror-dir', scene.mirrorDir, '--images', scene.folder]
        const { status, out, err } = await runOther(scene, args, undefined, { TEST_DESCRIPTORS: '1' })
        const [image] = JSON.parse(out).images
        expect(image.error.message).toMatch(/too many files/)
        expect(image.error.remedy).toContain('ulimit -n')
        expect(err).toContain('ulimit -n')
        expect(status).toBe(1)
      },
    },
  },
]

/** What git runs, or follows, where the configuration of a checkout says so. */
const traps = (trap: string, elsewhere: string) => `[core]
  hooksPath = ${trap}.d
  fsmonitor = ${trap}
  sshCommand = ${trap}
  gitProxy = ${trap}
  pager = ${trap}
  editor = ${trap}
  askPass = ${trap}
  alternateRefsCommand = ${trap}
  attributesFile = ${trap}.attributes
[credential]
  helper = !${trap}
[filter "trap"]
  clean = ${trap}
  smudge = ${trap}
  process = ${trap}
[diff]
  external = ${trap}
[diff "trap"]
  textconv = ${trap}
  command = ${trap}
[gpg]
  program = ${trap}
[commit]
  gpgSign = true
[push]
  gpgSign = if-asked
[log]
  showSignature = true
[alias]
  rev-parse = !${trap}
[pager]
  show = ${trap}
[url "${elsewhere}/"]
  insteadOf = http://
[http]
  proxy = ${elsewhere}
[uploadpack]
  packObjectsHook = ${trap}
[extensions]
  partialClone = origin
[remote "origin"]
  url = ext::${trap}
  pushurl = ext::${trap}
  uploadpack = ${trap}
  receivepack = ${trap}
  proxy = ${elsewhere}
  promisor = true
`

/** A checkout that somebody else has made, in which whatever runs tells so. */
async function foreignCheckout(scene: Scene, elsewhere: string) {
  const [folder, hosted] = [join(scene.home, 'foreign'), join(scene.home, 'hosted')]
  const [bare, trap] = [join(hosted, 'osism/images.git'), join(scene.home, 'trap')]
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'pipe' })
  await mkdir(folder)
  await mkdir(bare, { recursive: true })
  git('init', '--quiet', '--bare', bare)
  git('-C', bare, 'config', 'http.receivepack', 'true')
  git('init', '--quiet')
  await writeFile(join(folder, 'a.yml'), 'old\n')
  await writeFile(join(folder, '.gitattributes'), '*.yml filter=trap diff=trap\n')
  git('add', '.')
  git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-m', 'Begin')
  await writeFile(join(folder, 'a.yml'), 'new\n')
  await writeFile(trap, `#!/bin/sh\nenv >>${trap}.sprung\ncat\n`, { mode: 0o755 })
  await mkdir(`${trap}.d`)
  const hooks = ['pre-push', 'reference-transaction', 'post-index-change', 'pre-receive', 'post-update']
  for (const name of hooks) await symlink(trap, join(`${trap}.d`, name))
  await writeFile(`${trap}.attributes`, '* filter=trap\n')
  await writeFile(join(folder, '.git/info/attributes'), '* filter=trap\n')
  appendFileSync(join(folder, '.git/config'), traps(trap, elsewhere))
  return { folder, hosted, bare, sprung: `${trap}.sprung` }
}

/** The forge is on the one server, and what the checkout leads to on the other. */
const propose = (fault: string, hasServer: boolean): Row => ({
  fault: `propose in a checkout of somebody else, ${fault}`,
  holds: {
    ...survived,
    more: async (scene) => {
      const evil = await startForge('github', undefined, scene.onEnd)
      const { folder, hosted, bare, sprung } = await foreignCheckout(scene, evil.url)
      const forge = await startForge('github', hosted, scene.onEnd)
      const changed = [outcome({ file: 'a.yml', name: 'Alpha 1', status: 'updated' })]
      const run = reportOf(changed, { changes: [{ file: 'a.yml', diff: '+new\n' }] })
      const report = join(scene.home, 'report.json')
      await writeFile(report, JSON.stringify(withExitStatus(run, 0)))
      const { status, out, err } = await runOther(scene, ['propose', report], folder, {
        GITHUB_ACTIONS: 'true',
        GITHUB_API_URL: forge.url,
        GITHUB_REPOSITORY: 'osism/images',
        GITHUB_REF_NAME: 'main',
        GITHUB_TOKEN: 'canary-token',
        ...(hasServer ? { GITHUB_SERVER_URL: forge.url } : {}),
      })
      expect(existsSync(sprung) ? readFileSync(sprung, 'utf8') : 'nothing ran').toBe('nothing ran')
      expect(evil.requests).toEqual([])
      expect(out + err).toMatch(hasServer ? /opened/ : /which is not the forge/)
      expect(status, err).toBe(hasServer ? 0 : 1)
      const branches = execFileSync('git', ['-C', bare, 'for-each-ref']).toString()
      expect(branches.includes('refs/heads/image-updater/a')).toBe(hasServer)
    },
  },
})

const checkouts: readonly Row[] = [
  propose('whose configuration runs programs and leads elsewhere', true),
  propose('whose remote is a program', false),
  {
    fault: 'diff in a checkout of somebody else, whose missing objects a program fetches',
    holds: {
      ...survived,
      more: async (scene) => {
        const { folder, bare, sprung } = await foreignCheckout(scene, 'http://127.0.0.1:1')
        execFileSync('sh', ['-c', 'rm -r .git/objects/??'], { cwd: folder })
        appendFileSync(join(folder, '.git/config'), `[remote "origin"]\n  url = ${bare}\n`)
        const { status, err } = await runOther(scene, ['diff', 'HEAD', '--images', '.'], folder)
        expect(existsSync(sprung)).toBe(false)
        expect(err).toContain('has not all objects of the revision')
        expect(status).toBe(2)
      },
    },
  },
]

export const machine: Group = {
  name: 'This machine',
  rows: [...files, ...hooks, ...attributes, ...configurations, ...checkouts, ...defects, ...descriptors],
}

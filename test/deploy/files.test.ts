import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { validateAction, validateWorkflow } from '@action-validator/core'
import { validate as validateDockerfile } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { createProgram } from '../../src/cli/program.ts'
import { createSession } from '../../src/cli/session.ts'
import * as library from '../../src/index.ts'
import { Sink, temporaryFolder } from '../cli/support.ts'

const read = (path: string) => readFileSync(path, 'utf8')

/** All values under a key, however deep. */
function valuesOf(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => [
    ...(name === key ? [item] : []),
    ...valuesOf(item, key),
  ])
}

/** Every long option of every command. */
const options = (() => {
  const context = {
    stdout: new Sink(),
    stderr: new Sink(),
    signal: new AbortController().signal,
    now: () => new Date(0),
    lost: new Promise<never>(() => {}),
    onHangup: () => {},
    library: async () => library,
  }
  const program = createProgram(createSession([], context))
  return new Map(
    program.commands.map((command) => [
      command.name(),
      [...command.options, ...program.options].flatMap(({ long }) => long ?? []),
    ]),
  )
})()

/** That a command line names a command and options that exist. */
function expectCommandLine(words: readonly string[]): void {
  const [command = ''] = words.filter((word) => !word.startsWith('-'))
  const known = options.get(command)
  expect(known, `no command ${command}`).toBeDefined()
  const given = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*$/s, ''))
  expect(given.filter((option) => !known?.includes(option))).toEqual([])
}

describe('for GitHub', () => {
  it.each([
    ['action.yml', validateAction],
    ['deploy/github/update-images.yml', validateWorkflow],
    ['deploy/github/publish-images.yml', validateWorkflow],
  ])('%s is valid', (path, validate) => {
    expect(validate(read(path)).errors).toEqual([])
  })

  it.each(['action.yml', 'deploy/github/update-images.yml', 'deploy/github/publish-images.yml'])(
    '%s puts nothing from outside into a script',
    (path) => {
      const scripts = valuesOf(parse(read(path)), 'run')
      expect(scripts.length).toBeGreaterThan(0)
      for (const script of scripts) expect(script).not.toContain('${{')
    },
  )

  it('what publishes has options that exist, and no secret but in the environment of one step', () => {
    const text = read('deploy/github/publish-images.yml')
    const scripts = valuesOf(parse(text), 'run') as string[]
    const [, line = ''] = /^image-updater (.+)$/m.exec(scripts.join('\n')) ?? []
    expectCommandLine(line.split(' '))
    const steps = valuesOf(parse(text), 'steps').flat() as { env?: object }[]
    expect(steps.filter(({ env }) => env !== undefined)).toHaveLength(1)
  })
})

describe('for GitLab', () => {
  it.each(['update-images', 'publish-images'])(
    'the template %s has one job whose scripts are lines, and hides no secret in them',
    (name) => {
      const template = parse(read(`deploy/gitlab/${name}.yml`)) as Record<string, Record<string, unknown>>
      expect(Object.keys(template)).toEqual([name])
      const scripts = [...valuesOf(template, 'script'), ...valuesOf(template, 'before_script')].flat()
      expect(scripts.every((line) => typeof line === 'string')).toBe(true)
      expect(scripts.join('\n')).not.toMatch(/TOKEN|SECRET/)
      const bash = spawnSync('bash', ['-n'], { input: scripts.join('\n'), encoding: 'utf8' })
      expect(bash).toMatchObject({ status: 0, stderr: '' })
      const lines = scripts.join('\n').matchAll(/image-updater ((?:update|publish) [^|;\n]+)/g)
      for (const [, line = ''] of lines) expectCommandLine(line.trim().split(' '))
    },
  )
})

const manifests = readdirSync('deploy/kubernetes', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.yaml'))
  .map((path) => join('deploy/kubernetes', path))
const kustomizations = manifests.filter((path) => basename(path) === 'kustomization.yaml')
const objects = manifests.filter((path) => !kustomizations.includes(path))

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
}

const manifestOf = (path: string) => parseAllDocuments(read(path)).map((one) => one.toJS() as Manifest)

/** The type of an object, which knows Kubernetes' own schema. */
function typeOf({ apiVersion, kind }: Manifest): new (value: unknown) => { validate(): void } {
  const require = createRequire(import.meta.url)
  return require(`kubernetes-models/${apiVersion}/${kind}`)[kind]
}

describe('for Kubernetes', () => {
  it.each(objects)("%s is what Kubernetes' schema says", (path) => {
    for (const manifest of manifestOf(path)) new (typeOf(manifest))(manifest).validate()
  })

  it.each(objects.filter((path) => read(path).includes('containers:')))(
    '%s keeps what is remembered on a volume',
    (path) => {
      const text = read(path)
      const [, folder = ''] = /IMAGE_UPDATER_STATE_DIR=(\S+)/.exec(read('deploy/container/Dockerfile')) ?? []
      expect(valuesOf(parse(text), 'volumeMounts').flat()).toContainEqual({
        name: 'state',
        mountPath: folder,
      })
    },
  )

  it('the schema notices what is wrong', () => {
    const manifest = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'x' },
      spec: { schedule: 5 },
    }
    expect(() => new (typeOf(manifest))(manifest).validate()).toThrow(/jobTemplate/)
  })

  it.each(kustomizations)('%s names files that are there, and all of its folder', (path) => {
    const { resources, ...rest } = parse(read(path)) as { resources: string[] } & Record<string, unknown>
    for (const resource of resources) {
      const target = join(dirname(path), resource)
      const file = statSync(target).isDirectory() ? join(target, 'kustomization.yaml') : target
      expect(manifests).toContain(file)
    }
    const others = readdirSync(dirname(path)).filter((name) => name !== 'kustomization.yaml')
    expect(resources.filter((resource) => !resource.startsWith('..')).sort()).toEqual(others.sort())
    const known = ['apiVersion', 'kind', 'configMapGenerator', 'images', 'labels']
    expect(Object.keys(rest).filter((key) => !known.includes(key))).toEqual([])
  })

  it.each(objects)('%s starts the program with options that exist, and without any right', (path) => {
    for (const manifest of manifestOf(path)) {
      for (const containers of valuesOf(manifest, 'containers') as Record<string, unknown>[][]) {
        for (const container of containers) {
          expectCommandLine(container.args as string[])
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          })
        }
      }
    }
  })

  it('the Indexed Job has as many parts as completions', () => {
    const [manifest] = manifestOf('deploy/kubernetes/sharded/cronjob.yaml')
    const variables = valuesOf(manifest, 'env').flat() as { name: string; value: string }[]
    expect(valuesOf(manifest, 'completionMode')).toEqual(['Indexed'])
    expect(variables).toEqual([
      { name: 'IMAGE_UPDATER_SHARDS', value: String(valuesOf(manifest, 'completions')[0]) },
    ])
  })

  it.each(objects)('%s mounts volumes and names config that the base or the secret has', (path) => {
    for (const manifest of manifestOf(path)) {
      const volumes = valuesOf(manifest, 'volumes').flat() as { name: string }[]
      const mounts = valuesOf(manifest, 'volumeMounts').flat() as { name: string }[]
      const names = volumes.map(({ name }) => name)
      expect(mounts.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual([])
      const known = objects.flatMap(manifestOf).filter(({ kind }) => kind === 'PersistentVolumeClaim')
      const claims = known.map(({ metadata }) => metadata.name)
      expect(valuesOf(manifest, 'claimName').filter((name) => !claims.includes(String(name)))).toEqual([])
      expect(
        valuesOf(manifest, 'configMapRef').every(
          (ref) => (ref as Manifest['metadata']).name === 'image-updater',
        ),
      ).toBe(true)
    }
  })
})

describe('the container', () => {
  const dockerfile = read('deploy/container/Dockerfile')

  it('is valid, not root, and started without a shell', () => {
    expect(validateDockerfile(dockerfile)).toEqual([])
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
    expect(last).toMatch(/^USER [1-9]\d*$/m)
    expect(last).toMatch(/^ENTRYPOINT \["node", .+\]$/m)
    expect(last).toMatch(/^CMD \["update"\]$/m)
  })

  it('has the decompressors, of which bzip2 has no other way', () => {
    expect(dockerfile).toMatch(/apt-get install .*\blbzip2 xz-utils zstd\b/)
  })

  it('holds everything that the program needs, and nothing is written there', () => {
    const app = temporaryFolder()
    const built = spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', join(app, 'dist')], {
      encoding: 'utf8',
    })
    expect(built.status, built.stdout).toBe(0)
    const copied = Array.from(
      dockerfile.matchAll(/^COPY --from=build \/src\/(\S+) /gm),
      ([, name = '']) => name,
    )
    for (const name of copied.filter((one) => one !== 'dist')) {
      spawnSync('cp', ['-a', ...(name === 'node_modules' ? ['-l'] : []), name, join(app, name)])
    }
    spawnSync('chmod', ['-R', 'a-w', join(app, 'dist')])
    const [, entry = ''] = /^ENTRYPOINT (\[.+\])$/m.exec(dockerfile) ?? []
    const [program = '', ...args] = (JSON.parse(entry) as string[]).map((word) =>
      word.replace(/^\/app\//, `${app}/`),
    )
    const images = join(temporaryFolder(), 'images')
    mkdirSync(images)
    writeFileSync(join(images, 'a.yml'), 'images: []\n')
    const words = [...args, 'update', '--images', images, '--no-mirror', '--no-config']
    const ran = spawnSync(program, words, { encoding: 'utf8', env: { PATH: dirname(process.execPath) } })
    spawnSync('chmod', ['-R', 'u+w', join(app, 'dist')])
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('0 checked') })
  })
})

const systemd = spawnSync('systemd-analyze', ['--version']).status === 0
const units = readdirSync('deploy/systemd').map((name) => join('deploy/systemd', name))

describe('for systemd', () => {
  it.skipIf(!systemd)('the units are understood (skipped where systemd-analyze is not installed)', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units], {
      encoding: 'utf8',
    })
    const about = stderr.split('\n').filter((line) => line.includes('image-updater'))
    expect({ status, about }).toEqual({ status: 0, about: [] })
  })

  it.skipIf(!systemd)(
    'the services are exposed little (skipped where systemd-analyze is not installed)',
    () => {
      for (const unit of units.filter((name) => name.endsWith('.service'))) {
        const args = ['security', '--offline=true', '--threshold=20', unit]
        const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
        expect(status, stdout).toBe(0)
      }
    },
  )

  it.each(units.filter((name) => name.endsWith('.service')))(
    '%s starts the program with options that exist',
    (unit) => {
      const [, line = ''] = /^ExecStart=\/usr\/bin\/env image-updater (.+)$/m.exec(read(unit)) ?? []
      expectCommandLine(line.replace(/"[^"]*"/g, 'X').split(' '))
    },
  )
})

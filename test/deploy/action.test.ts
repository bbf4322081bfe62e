import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../cli/support.ts'
import { startForge } from '../propose/forge-server.ts'
import { startWorld } from '../support/world/world.ts'

interface Step {
  readonly name: string
  readonly run: string
  readonly env?: Readonly<Record<string, string>>
}

const steps = (parse(readFileSync('action.yml', 'utf8')) as { runs: { steps: Step[] } }).runs.steps
const stepOf = (name: string) => {
  const step = steps.find((one) => one.name === name)
  if (step === undefined) throw new Error(`no step ${name}`)
  return step
}

/** Ends with the program's status: a server of this process answers while it runs. */
function execute(program: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
    const child = execFile(program, args, options, (_error, stdout, stderr) => {
      done({ status: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

/** The action's folder, with the program run from its sources. */
function actionFolder(): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'bin'))
  const main = resolve('src/cli/main.ts')
  const command = `#!/bin/sh\nexec '${process.execPath}' --import '${import.meta.resolve('tsx')}' '${main}' "$@"\n`
  writeFileSync(join(folder, 'bin/image-updater'), command, { mode: 0o755 })
  symlinkSync(resolve('deploy'), join(folder, 'deploy'))
  return folder
}

describe('the action', () => {
  it('updates, proposes one pull request for each file, and tells of what failed', async () => {
    const world = await startWorld(50_000)
    onTestFinished(() => world.close())
    const [hosted, mirror, temp] = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
    const bare = join(hosted, 'osism/images.git')
    mkdirSync(bare, { recursive: true })
    const forge = await startForge('github', hosted)
    const images = await world.writeCatalogue()
    const git = (cwd: string, ...args: string[]) =>
      execFileSync('git', args, { cwd, encoding: 'utf8', stdio: 'pipe' })
    git(bare, 'init', '--quiet', '--bare', '--initial-branch=main')
    git(bare, 'config', 'http.receivepack', 'true')
    git(images, 'init', '--quiet', '--initial-branch=main')
    git(images, 'add', '.')
    git(images, '-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-m', 'Begin')
    git(images, 'remote', 'add', 'origin', bare)
    git(images, 'push', '--quiet', 'origin', 'main')
    world.origin.remove('/repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM')

    const outputs: Record<string, string> = {}
    const action = actionFolder()
    const run = async (name: string, values: Readonly<Record<string, string>>) => {
      const step = stepOf(name)
      const output = join(temp, 'output')
      writeFileSync(output, '')
      const env = Object.fromEntries(
        Object.entries(step.env ?? {}).map(([variable, expression]) => [variable, values[expression] ?? '']),
      )
      const ran = await execute('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
        cwd: images,
        env: {
          PATH: process.env.PATH,
          HOME: temp,
          GITHUB_ACTIONS: 'true',
          GITHUB_ACTION_PATH: action,
          GITHUB_API_URL: forge.url,
          GITHUB_SERVER_URL: forge.url,
          GITHUB_REPOSITORY: 'osism/images',
          GITHUB_OUTPUT: output,
          GITHUB_STEP_SUMMARY: join(temp, 'summary'),
          RUNNER_TEMP: temp,
          ...env,
        },
      })
      for (const line of readFileSync(output, 'utf8').split('\n').filter(Boolean)) {
        outputs[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1)
      }
      return ran
    }

    const marker = join(temp, 'injected')
    const update = await run('Update', {
      '${{ inputs.images }}': '.',
      '${{ inputs.arguments }}': `--mirror-dir=${mirror}\n\n--mirror-key-prefix=$(touch ${marker})\n--signatures=off\n`,
    })
    expect(update.status, update.stderr).toBe(0)
    expect(outputs).toMatchObject({ status: '1', report: join(temp, 'image-updater-report.json') })
    expect(() => readFileSync(marker)).toThrow('ENOENT')

    const propose = await run('Propose', {
      '${{ steps.update.outputs.report }}': outputs.report ?? '',
      '${{ inputs.base }}': 'main',
      '${{ inputs.token }}': 'canary-token-of-the-action',
    })
    expect(propose.status, propose.stderr).toBe(0)
    expect([...forge.open.keys()].sort()).toEqual(
      ['appliance', 'centos', 'debian', 'rockylinux', 'ubuntu'].map((name) => `image-updater/${name}`),
    )
    expect(outputs).toMatchObject({ updated: '6', failed: '1' })
    expect(JSON.parse(outputs['pull-requests'] ?? '')).toHaveLength(5)
    expect(propose.stdout).toMatch(/^::error file=.*almalinux\.yml,line=\d+,col=\d+,title=HTTP_STATUS::/m)
    expect(readFileSync(join(temp, 'summary'), 'utf8')).toContain('7 checked, 6 updated')
    expect(propose.stdout + propose.stderr + update.stdout + update.stderr).not.toContain('canary')
    expect(git(bare, 'show', 'image-updater/debian:debian.yml')).toContain("'20260717'")

    expect(await run('Tell of what failed', { '${{ steps.update.outputs.status }}': '1' })).toMatchObject({
      status: 1,
    })
  })
})

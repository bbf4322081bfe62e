import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ForgeOptions, proposeChanges } from '../../src/index.ts'
import { withExitStatus } from '../../src/report/json.ts'
import type { ImageOutcome } from '../../src/report/schemas.ts'
import { cli, outcome, reportOf, temporaryFolder } from '../cli/support.ts'
import { type FakeForge, startForge } from './forge-server.ts'

const token = 'canary-token-of-the-forge'

/** A repository with two catalogue files, and the bare one that it was cloned from. */
interface Checkout {
  readonly folder: string
  readonly bare: string
  git(...args: string[]): string
  /** What a branch of the bare repository holds in a file. */
  there(branch: string, file: string): string
}

/** HEAD is older than the test, so that a commit of now would be told from one with HEAD's date. */
const dated = { ...process.env, GIT_COMMITTER_DATE: '2020-01-02T03:04:05Z' }

const at = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: dated })

let template: string
beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), 'checkout-'))
  const [bare, folder] = [join(template, 'osism/images.git'), join(template, 'clone')]
  at(template, 'init', '--quiet', '--bare', '--initial-branch=main', bare)
  at(bare, 'config', 'http.receivepack', 'true')
  at(template, 'clone', '--quiet', bare, folder)
  mkdirSync(join(folder, 'etc/images'), { recursive: true })
  for (const name of ['ubuntu', 'debian'])
    writeFileSync(join(folder, `etc/images/${name}.yml`), `old ${name}\n`)
  at(folder, 'add', '.')
  at(folder, '-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-m', 'Begin')
  at(folder, 'push', '--quiet', 'origin', 'HEAD:main')
  return () => rmSync(template, { recursive: true, force: true })
})

/** Copies the repository: to make one of its own for each test would run git six times more. */
function checkout(): Checkout {
  const copy = temporaryFolder()
  cpSync(template, copy, { recursive: true })
  const [bare, folder] = [join(copy, 'osism/images.git'), join(copy, 'clone')]
  at(folder, 'remote', 'set-url', 'origin', bare)
  return {
    folder,
    bare,
    git: (...args) => at(folder, ...args),
    there: (branch, file) => at(bare, 'show', `${branch}:${file}`),
  }
}

const version = (value: string) => ({ version: value, checksum: `sha256:${'ab'.repeat(32)}` })

/** The report of a run that has written these files, and whose images of `failing` failed. */
function run(folder: string, files: readonly string[], images: readonly ImageOutcome[] = []) {
  const updated = files.map((name) => {
    const file = join(folder, `etc/images/${name}.yml`)
    writeFileSync(file, `new ${name}\n`)
    return outcome({
      file,
      name: `${name} 1`,
      status: 'updated',
      previous: version('20260101'),
      current: version('20260701'),
      trust: 'signed',
    })
  })
  const changes = updated.map(({ file }) => ({ file, diff: `-old\n+new \`\`\` of ${file}\n` }))
  return withExitStatus(reportOf([...updated, ...images], { changes }), 0)
}

let place: Checkout
let server: FakeForge

const github = (): ForgeOptions => ({
  kind: 'github',
  api: server.url,
  repository: 'osism/images',
  token,
  base: 'main',
  remote: place.bare,
})
const propose = (report: unknown, forge = github()) =>
  proposeChanges({ forge, report, folder: place.folder, httpPolicy: { backoffBase: 1, backoffCap: 1 } })

beforeEach(async () => {
  place = checkout()
  server = await startForge('github')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe('proposing on GitHub', () => {
  it('opens one pull request for each changed file, which holds that change alone', async () => {
    writeFileSync(join(place.folder, 'other.txt'), 'untracked\n')
    const outcomes = await propose(run(place.folder, ['ubuntu', 'debian']))
    expect(outcomes).toMatchObject([
      { branch: 'image-updater/ubuntu', status: 'opened', url: 'https://forge.example/1' },
      { branch: 'image-updater/debian', status: 'opened', url: 'https://forge.example/2' },
    ])
    expect(place.there('image-updater/ubuntu', 'etc/images/ubuntu.yml')).toBe('new ubuntu\n')
    expect(place.there('image-updater/ubuntu', 'etc/images/debian.yml')).toBe('old debian\n')
    expect(() => place.there('image-updater/ubuntu', 'other.txt')).toThrow()
    const pull = server.open.get('image-updater/ubuntu')
    expect(pull).toMatchObject({ title: 'Update ubuntu 1 to 20260701', base: 'main' })
    expect(pull?.body).toMatch(/\| `ubuntu 1` *\| `20260101` → `20260701` *\| signed/)
    expect(pull?.body).not.toContain('debian')
    expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${token}`)).toBe(true)
    expect(server.requests[0]?.path).toBe(
      '/repos/osism/images/pulls?state=open&head=osism%3Aimage-updater%2Fubuntu&base=main',
    )
  })

  it('leaves the working tree, the index and the branches here as they are', async () => {
    const report = run(place.folder, ['ubuntu'])
    const before = [
      place.git('status', '--porcelain'),
      place.git('for-each-ref'),
      place.git('rev-parse', 'HEAD'),
    ]
    await propose(report)
    const after = [
      place.git('status', '--porcelain'),
      place.git('for-each-ref'),
      place.git('rev-parse', 'HEAD'),
    ]
    expect(after[0]).toBe(before[0])
    expect(after[2]).toBe(before[2])
    expect(after[1]?.replace(/^.*refs\/remotes\/.*\n/gm, '')).toBe(
      before[1]?.replace(/^.*refs\/remotes\/.*\n/gm, ''),
    )
    expect(readFileSync(join(place.folder, 'etc/images/ubuntu.yml'), 'utf8')).toBe('new ubuntu\n')
  })

  it('works in a checkout of the last commit alone, as CI makes it', async () => {
    const shallow = join(temporaryFolder(), 'shallow')
    at('.', 'clone', '--quiet', '--depth=1', `file://${place.bare}`, shallow)
    const report = run(shallow, ['ubuntu'])
    const outcomes = await proposeChanges({ forge: github(), report, folder: shallow })
    expect(outcomes).toMatchObject([{ status: 'opened' }])
    expect(place.there('image-updater/ubuntu', 'etc/images/ubuntu.yml')).toBe('new ubuntu\n')
  })

  it.each([
    [
      'https://evil.example/osism/images',
      /leads to https:\/\/evil\.example\/osism\/images, which is not the forge/,
    ],
    ['/somewhere/images.git', /leads to \/somewhere\/images\.git, which is not the forge/],
    ['ext::sh -c true', /is not the forge/],
    ['--receive-pack=true:x', /is not the forge/],
    ['', /has no remote "origin"/],
  ])('gives the token to the forge alone: origin leads to %j', async (address, message) => {
    place.git('config', 'remote.origin.url', address)
    const report = run(place.folder, ['ubuntu'])
    const [{ error } = {}] = await propose(report, { ...github(), remote: undefined })
    expect(error?.message).toMatch(message)
    expect(server.requests).toEqual([])
  })

  it('updates the request that is open, and pushes nothing where the change is the same', async () => {
    const report = run(place.folder, ['ubuntu'])
    await propose(report)
    const first = place.git('ls-remote', 'origin', 'image-updater/ubuntu')
    expect(await propose(report)).toMatchObject([{ status: 'updated', url: 'https://forge.example/1' }])
    expect(place.git('ls-remote', 'origin', 'image-updater/ubuntu')).toBe(first)
    expect(server.open.size).toBe(1)
    place.git('fetch', '--quiet', 'origin', 'image-updater/ubuntu')
    expect(place.git('show', '-s', '--format=%aI %cI', 'FETCH_HEAD')).toMatch(/^2020-01-02\S+ 2020-01-02/)

    writeFileSync(join(place.folder, 'etc/images/ubuntu.yml'), 'newer\n')
    expect(await propose(report)).toMatchObject([{ status: 'updated' }])
    expect(place.there('image-updater/ubuntu', 'etc/images/ubuntu.yml')).toBe('newer\n')
    expect(place.there('image-updater/ubuntu~1', 'etc/images/ubuntu.yml')).toBe('old ubuntu\n')
  })

  it('proposes nothing where HEAD has the change, in a dry run, and without changes', async () => {
    const report = run(place.folder, ['ubuntu'])
    place.git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-am', 'Same')
    expect(await propose(report)).toMatchObject([{ status: 'none' }])
    expect(await propose({ ...report, dry_run: true })).toEqual([])
    expect(await propose({ ...report, changes: [] })).toEqual([])
    expect(server.requests).toEqual([])
  })

  it('says in a dry run what would be proposed, without a forge, and writes nothing', async () => {
    const report = run(place.folder, ['ubuntu', 'debian'])
    writeFileSync(join(place.folder, 'etc/images/debian.yml'), 'old debian\n')
    const objects = place.git('count-objects')
    const proposed = await proposeChanges({ report, folder: place.folder, dryRun: true })
    expect(proposed).toMatchObject([
      { branch: 'image-updater/ubuntu', title: expect.stringContaining('20260701'), status: 'would-propose' },
      { branch: 'image-updater/debian', status: 'none' },
    ])
    expect([place.git('count-objects'), place.git('ls-remote', 'origin').split('\n')]).toEqual([
      objects,
      [expect.stringContaining('HEAD'), expect.stringContaining('refs/heads/main'), ''],
    ])
    const file = join(place.folder, 'report.json')
    writeFileSync(file, JSON.stringify(report))
    vi.spyOn(process, 'cwd').mockReturnValue(place.folder)
    const { status, out } = await cli(['propose', file, '--dry-run'])
    vi.restoreAllMocks()
    expect(status).toBe(0)
    expect(out).toMatch(
      /ubuntu\.yml: would be proposed as ".*" from image-updater\/ubuntu\n.*debian\.yml: nothing to/,
    )
  })

  it('says why there is nothing to propose', async () => {
    const file = join(place.folder, 'report.json')
    const report = run(place.folder, ['ubuntu'])
    const said = async (changes: object) => {
      writeFileSync(file, JSON.stringify({ ...report, ...changes }))
      return (await cli(['propose', file, '--dry-run'])).out
    }
    expect(await said({ dry_run: true })).toBe('Nothing to propose: a dry run changes no file\n')
    expect(await said({ changes: [] })).toBe('Nothing to propose: the run has changed no file\n')
  })

  it('goes on where one file fails: a symbolic link, a file of somewhere else', async () => {
    const report = run(place.folder, ['ubuntu', 'debian'])
    symlinkSync('ubuntu.yml', join(place.folder, 'etc/images/link.yml'))
    place.git('add', 'etc/images/link.yml')
    place.git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-m', 'Link')
    const outside = join(temporaryFolder(), 'x.yml')
    writeFileSync(outside, 'x')
    symlinkSync(outside, join(place.folder, 'etc/images/untracked.yml'))
    execFileSync('mkfifo', [join(place.folder, 'etc/images/pipe.yml')])
    const changes = [
      { file: join(place.folder, 'etc/images/pipe.yml'), diff: '' },
      { file: join(place.folder, 'etc/images/link.yml'), diff: '' },
      { file: join(place.folder, 'etc/images/untracked.yml'), diff: '' },
      { file: outside, diff: '' },
      ...report.changes,
    ]
    const outcomes = await propose({ ...report, changes })
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...['failed', 'failed', 'failed', 'failed', 'opened', 'opened'],
    ])
    expect(outcomes[0]?.error?.message).toContain('is no regular file')
    expect(outcomes[1]?.error?.message).toContain('is a symbolic link')
    expect(outcomes[2]?.error?.message).toContain('is a symbolic link')
    expect(outcomes[3]?.error?.message).toContain('lies outside the git repository')
  })

  it.each([
    [
      403,
      '{"message":"Actions may not create pull requests"}',
      /answered 403: Actions may not/,
      /rights to write/,
    ],
    [422, '<html>no</html>', /answered 422: <html>/, /base branch/],
    [500, '', /answered 500/, /./],
    [201, 'no JSON', /./, /./],
    [201, '{"unexpected":1}', /not of its API/, /address of the API/],
  ])('tells what the forge says: %i %s', async (status, body, message, remedy) => {
    server.refuse('POST', status, body)
    const [{ error } = {}] = await propose(run(place.folder, ['ubuntu']))
    expect(error).toMatchObject({ code: 'PROPOSAL_FAILED' })
    expect(error?.message).toMatch(message)
    expect(error?.remedy).toMatch(remedy)
    expect(error?.message).not.toContain(token)
  })

  it('says that there is no repository', async () => {
    const report = run(place.folder, ['ubuntu'])
    const elsewhere = proposeChanges({ forge: github(), report, folder: temporaryFolder() })
    await expect(elsewhere).rejects.toMatchObject({ code: 'PROPOSAL_FAILED' })
    await expect(propose({ some: 'thing' })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('proposing on GitLab', () => {
  it('opens and updates merge requests', async () => {
    server = await startForge('gitlab')
    const forge: ForgeOptions = {
      kind: 'gitlab',
      api: `${server.url}/api/v4`,
      repository: 'group/images',
      token,
      base: 'main',
      remote: place.bare,
    }
    const report = run(place.folder, ['ubuntu'])
    expect(await propose(report, forge)).toMatchObject([{ status: 'opened', url: 'https://forge.example/1' }])
    expect(await propose(report, forge)).toMatchObject([{ status: 'updated' }])
    expect(server.open.get('image-updater/ubuntu')).toMatchObject({
      target_branch: 'main',
      remove_source_branch: true,
      title: 'Update ubuntu 1 to 20260701',
    })
    expect(server.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)).toEqual([
      'GET /api/v4/projects/group%2Fimages/merge_requests',
      'POST /api/v4/projects/group%2Fimages/merge_requests',
      'GET /api/v4/projects/group%2Fimages/merge_requests',
      'PUT /api/v4/projects/group%2Fimages/merge_requests/1',
    ])
    expect(server.requests.every(({ headers }) => headers['private-token'] === token)).toBe(true)
  })
})

describe('the command', () => {
  const failing = outcome({
    file: 'etc/images/debian.yml',
    line: 7,
    name: 'Debian, 12: %0A::error::x',
    status: 'failed',
    error: {
      code: 'HTTP_STATUS',
      message: 'GET x answered 404',
      remedy: 'Look',
      place: { file: 'etc/images/debian.yml', line: 9 },
    },
  })

  it('takes everything from a job of GitHub Actions, annotates, and fills summary and outputs', async () => {
    server = await startForge('github', join(place.bare, '../..'))
    const folder = temporaryFolder()
    const [report, summary, output] = ['report.json', 'summary', 'output'].map((name) => join(folder, name))
    writeFileSync(report ?? '', JSON.stringify(run(place.folder, ['ubuntu'], [failing])))
    vi.spyOn(process, 'cwd').mockReturnValue(place.folder)
    const variables = {
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: server.url,
      GITHUB_SERVER_URL: server.url,
      GITHUB_REPOSITORY: 'osism/images',
      GITHUB_REF_NAME: 'main',
      GITHUB_REF_TYPE: 'branch',
      GITHUB_TOKEN: token,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_OUTPUT: output,
    }
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    const { status, out, err } = await cli(['propose', report ?? ''])
    vi.restoreAllMocks()
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toContain('opened https://forge.example/1\n')
    const pushes = server.requests.filter(({ path }) => path.startsWith('/osism/images.git/'))
    const basic = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
    expect(pushes.map(({ headers }) => headers.authorization)).toEqual([basic, basic])
    expect(place.there('image-updater/ubuntu', 'etc/images/ubuntu.yml')).toBe('new ubuntu\n')
    expect(out).toContain(
      '::error file=etc/images/debian.yml,line=9,title=HTTP_STATUS::Debian, 12: %250A::error::x: GET x answered 404. Look.\n',
    )
    expect(readFileSync(summary ?? '', 'utf8')).toContain(
      '2 checked, 1 updated, 0 up to date, 0 skipped, 1 failed in 12 s.',
    )
    expect(readFileSync(output ?? '', 'utf8')).toBe(
      'pull-requests=["https://forge.example/1"]\nupdated=1\nfailed=1\n',
    )
  })

  it.each([
    [['propose', '/nowhere'], {}, 'The report /nowhere cannot be read: it does not exist'],
    [['propose', 'package.json'], {}, 'package.json'],
    [['propose', 'REPORT'], { GITHUB_ACTIONS: '', GITLAB_CI: '' }, 'no job of a known forge'],
    [['propose', 'REPORT', '--forge', 'github'], { GITHUB_REPOSITORY: '' }, 'GITHUB_REPOSITORY is not set'],
    [['propose', 'REPORT', '--forge', 'gitlab'], { CI_API_V4_URL: '' }, 'CI_API_V4_URL is not set'],
    [['propose', 'REPORT', '--branch-prefix', '../x'], {}, '--branch-prefix cannot begin a branch'],
    [['propose', 'REPORT', '--branch-prefix', 'a/.b/'], {}, '--branch-prefix cannot begin a branch'],
    [['propose', 'REPORT', '--branch-prefix', '-x/'], {}, '--branch-prefix cannot begin a branch'],
  ])('refuses %j', async (args, env, message) => {
    const report = join(temporaryFolder(), 'report.json')
    writeFileSync(report, JSON.stringify(withExitStatus(reportOf([]), 0)))
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const { status, err } = await cli(args.map((arg) => (arg === 'REPORT' ? report : arg)))
    expect(status).toBe(2)
    if (message !== 'package.json') expect(err).toContain(message)
  })
})

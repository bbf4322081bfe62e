import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { cli, imageRef, outcome, type Run, reportOf, temporaryFolder } from './support.ts'

const canaries = {
  flag: 'canary/flag+secret=1',
  variable: 'canary-variable-secret',
  aws: 'canary-aws-secret',
  token: 'canary-session-token',
  github: 'canary-github-token',
  gh: 'canary-gh-token',
  gitlab: 'canary-gitlab-token',
  openstack: 'canary-openstack-password',
  credential: 'canary-openstack-credential',
  userinfo: 'canary-userinfo',
  signature: 'canary-signature',
}
const url = `https://user:${canaries.userinfo}@h.example/a.qcow2?X-Amz-Signature=${canaries.signature}&x=1`
const everything = `${url} ${Object.values(canaries).slice(0, 9).join(' ')} ${encodeURIComponent(canaries.flag)}`

/** A use-case that says every secret in every place that text can take. */
const leaky: Run = (_options, { onEvent }) => {
  const cause = new Error(everything, { cause: new Error(everything) })
  const error = new UpdaterError('HTTP_STATUS', everything, { remedy: everything, cause })
  onEvent({ type: 'note', level: 'warning', message: everything })
  const image = { ...imageRef(0), name: everything }
  onEvent({ type: 'image', image, step: { type: 'checking' } })
  onEvent({ type: 'image', image, step: { type: 'latest-url', url } })
  onEvent({ type: 'image', image, step: { type: 'warning', message: everything } })
  onEvent({ type: 'image', image, step: { type: 'failed', error } })
  onEvent({ type: 'image', image, step: { type: 'done', status: 'failed' } })
  const values = { url, mirror_url: url, checksum: everything }
  const failed = outcome({
    name: everything,
    shortname: everything,
    status: 'failed',
    previous: values,
    current: values,
    warnings: [everything],
    mirror: { status: 'stored', object: everything },
    error: { code: 'HTTP_STATUS', message: everything, remedy: everything },
  })
  return reportOf([failed], { dry_run: true, changes: [{ file: 'a', diff: `+ url: ${everything}\n` }] })
}

const refusing: Run = () => {
  throw new UpdaterError('STORE_DENIED', everything, { remedy: everything, cause: new Error(everything) })
}
const surprising: Run = () => {
  throw new Error(everything, { cause: new TypeError(everything) })
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('secrets', () => {
  const modes = [
    [],
    ['--quiet'],
    ['--debug'],
    ['--output', 'json'],
    ['--output', 'json', '--debug'],
    ['--dry-run'],
  ]
  const runs = { leaky, refusing, surprising }
  const cases = Object.entries(runs).flatMap(([name, run]) => modes.map((mode) => ({ name, run, mode })))

  it.each(cases)('are in no output of a $name run with $mode', async ({ run, mode }) => {
    vi.stubEnv('MINIO_SECRET_KEY', canaries.variable)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', canaries.aws)
    vi.stubEnv('AWS_SESSION_TOKEN', canaries.token)
    vi.stubEnv('GITHUB_TOKEN', canaries.github)
    vi.stubEnv('GH_TOKEN', canaries.gh)
    vi.stubEnv('GITLAB_TOKEN', canaries.gitlab)
    vi.stubEnv('OS_PASSWORD', canaries.openstack)
    vi.stubEnv('OS_APPLICATION_CREDENTIAL_SECRET', canaries.credential)
    const report = join(temporaryFolder(), 'report.json')
    for (const secret of [['--minio-secret-key', canaries.flag], [`--minio-secret-key=${canaries.flag}`]]) {
      const args = ['--minio-access-key', 'AK', ...secret, '--report', report, ...mode]
      const { out, err } = await cli(args, { run })
      const all = out + err + readFileSync(report, 'utf8')
      expect(all).toContain('***')
      expect(all).toContain('h.example')
      for (const canary of Object.values(canaries)) expect(all).not.toContain(canary)
      expect(all).not.toContain(encodeURIComponent(canaries.flag))
    }
  })

  it.each([
    ['--minio-server', `https://u:${canaries.userinfo}@h.example`],
    ['--minio-server', `u:${canaries.userinfo}@h.example`],
    ['--mirror-base-url', `https://u:${canaries.userinfo}@h.example`],
    ['--jobs', canaries.flag],
    ['--max-image-size', canaries.flag],
    ['--acl', canaries.variable.toUpperCase()],
    ['--minio-bucket', `/${canaries.flag}`],
  ])('are not repeated by the refusal of a wrong %s', async (flag, value) => {
    for (const mode of [[], ['--debug'], ['--output', 'json']]) {
      const { status, out, err } = await cli([flag, value, ...mode])
      expect(status).toBe(2)
      expect(err).toContain(flag)
      expect((out + err).toLowerCase()).not.toContain('canary')
    }
  })

  it('are not repeated where the option is mistyped', async () => {
    const { err } = await cli([`--minio-secret-kye=${canaries.flag}`])
    expect(err).toContain("Unknown option '--minio-secret-kye'")
    expect(err).not.toContain('canary')
  })
})

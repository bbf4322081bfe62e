import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { cloudOf, inCloud } from '../report/cloud-outcomes.ts'
import { cli, outcome, reportOf, temporaryFolder } from './support.ts'

describe('the clouds of an update', () => {
  const fileOf = (text: string) => {
    const path = join(temporaryFolder(), 'image-updater.yml')
    writeFileSync(path, text)
    return path
  }

  it('are those of the command line or of the file, with publish alone', async () => {
    const config = fileOf('cloud: [west]\nskip:\n  - images: [alpha-1]\n    reason: no network\n')
    expect((await cli(['update', '--config', config])).options).toMatchObject({ cloud: undefined })
    expect((await cli(['update', '--config', config, '--publish'])).options).toMatchObject({
      publish: true,
      cloud: ['west'],
      skip: [{ images: ['alpha-1'], reason: 'no network' }],
    })
    const { options } = await cli(['update', '--publish', '--cloud', 'east', '--yes', '--retire', 'delete'])
    expect(options).toMatchObject({ cloud: ['east'], yes: true, retire: 'delete' })
    expect(await cli(['update', '--cloud', 'east'])).toMatchObject({
      status: 2,
      options: undefined,
      err: expect.stringContaining('--cloud names a cloud, and nothing is to be published'),
    })
  })

  it('are shards of the files where publish shares them, also in a job of Kubernetes', async () => {
    const publishCatalogue = vi.fn(async () => {
      throw new Error('enough')
    })
    vi.stubEnv('IMAGE_UPDATER_SHARDS', '3')
    vi.stubEnv('JOB_COMPLETION_INDEX', '1')
    await cli(['publish', '--cloud', 'x'], { library: { publishCatalogue } })
    vi.unstubAllEnvs()
    expect(publishCatalogue).toHaveBeenCalledWith(
      expect.objectContaining({ shard: { index: 2, count: 3 } }),
      expect.anything(),
    )
  })

  it('end it with 1 where an image has failed there, and count as a change', async () => {
    const failed = cloudOf([inCloud({ status: 'failed', error: { code: 'CLOUD_GATE', message: 'no' } })])
    expect(await cli(['update'], { run: () => reportOf([outcome()], { clouds: [failed] }) })).toMatchObject({
      status: 1,
      out: expect.stringContaining('failed: CLOUD_GATE'),
    })
    const quiet = ['update', '--log', 'exceptions']
    const of = (status: 'current' | 'published') => () =>
      reportOf([outcome()], { clouds: [cloudOf([inCloud({ status })])] })
    expect((await cli(quiet, { run: of('current') })).out).toBe('')
    expect((await cli(quiet, { run: of('published') })).out).toContain('1 published')
  })
})

describe('the log of a run that goes on with clouds', () => {
  it('tells of each image in both parts, in their order', async () => {
    const { err } = await cli(['update'], {
      run: (_, { onEvent }) => {
        for (const part of ['distribution', 'cloud']) {
          onEvent({ type: 'run-start', images: 2 })
          for (const ordinal of [1, 0]) {
            const image = { ordinal, file: 'a.yml', name: `Alpha ${ordinal}`, shortname: `alpha-${ordinal}` }
            onEvent({ type: 'image', image, step: { type: 'gate', message: `${part} ${ordinal}` } })
            onEvent({ type: 'image', image, step: { type: 'done', status: 'up-to-date' } })
          }
          onEvent({ type: 'note', level: 'info', message: `end of ${part}` })
        }
        return reportOf([outcome()])
      },
    })
    expect(err.match(/(?:distribution|cloud) \d|end of \w+/g)).toEqual([
      ...['distribution 0', 'distribution 1', 'end of distribution'],
      ...['cloud 0', 'cloud 1', 'end of cloud'],
    ])
  })
})

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { bundledCommand } from '../support/command.ts'
import { makeQcow2 } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { hexDigest } from '../support/world/published.ts'

const main = await bundledCommand()
const page = await readFile('docs/json-feed.md', 'utf8')
const example = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? ''

const image = makeQcow2({ size: 20_000 })
const newest = '/4.10.0/our-linux-4.10.0-x86_64.qcow2'

let origin: Origin
let folder: string

beforeEach(async () => {
  const digests = ['1'.repeat(64), '2'.repeat(64), hexDigest('sha256', image), '3'.repeat(64)]
  const feed = digests.reduce(
    (json, digest) => json.replace(/"[0-9a-f]{4}…"/, `"${digest}"`),
    example('json'),
  )
  origin = await startOrigin({ files: { '/feed.json': feed, [newest]: image } })
  folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  await mkdir(join(folder, 'mirror'))
  const configuration = example('yaml').replaceAll('https://images.example.com', origin.url)
  await writeFile(join(folder, 'image-updater.yml'), configuration)
  await writeFile(
    join(folder, 'our.yml'),
    '---\nimages:\n  - name: Our Linux\n    shortname: our-linux\n    format: qcow2\n    versions: []\n',
  )
  return async () => {
    await origin.close()
    await rm(folder, { recursive: true, force: true })
  }
})

function run(...args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const options = ['--config', join(folder, 'image-updater.yml'), '--images', join(folder, 'our.yml')]
  const env = { PATH: process.env.PATH, HOME: folder }
  return new Promise((resolve) =>
    execFile(process.execPath, [main, ...args, ...options], { env }, (error, out, err) =>
      resolve({ status: Number(error?.code ?? 0), text: out + err }),
    ),
  )
}

it('the example of the page about feeds works: the newest build is mirrored, verified, and stays', async () => {
  const mirror = join(folder, 'mirror')
  const first = await run('--mirror-dir', mirror, '--no-check-public')
  expect(first).toMatchObject({ status: 0, text: expect.stringContaining(`${origin.url}${newest}`) })
  const text = await readFile(join(folder, 'our.yml'), 'utf8')
  expect(text).toContain(`url: ${origin.url}${newest}`)
  expect(text).toMatch(/version: '?4\.10\.0'?$/m)
  expect(text).toContain(`checksum: sha256:${hexDigest('sha256', image)}`)
  const [name = ''] = (await readdir(join(mirror, 'our-linux'))).filter((file) => file.endsWith('.qcow2'))
  expect(await readFile(join(mirror, 'our-linux', name))).toEqual(Buffer.from(image))

  const again = await run('--mirror-dir', mirror, '--no-check-public')
  expect(again.status).toBe(0)
  expect(await readFile(join(folder, 'our.yml'), 'utf8')).toBe(text)
})

it('a feed that names other bytes than the server has is an error, and nothing is published', async () => {
  origin.put(newest, makeQcow2({ size: 30_000 }))
  const { status, text } = await run('--mirror-dir', join(folder, 'mirror'), '--no-check-public')
  expect({ status, text }).toMatchObject({ status: 1, text: expect.stringContaining('our-linux') })
  expect(await readFile(join(folder, 'our.yml'), 'utf8')).toContain('versions: []')
})

it('a source with an unknown key in feed is refused with its place', async () => {
  const path = join(folder, 'image-updater.yml')
  await writeFile(path, (await readFile(path, 'utf8')).replace('      version:', '      versions:'))
  const { status, text } = await run('--no-mirror')
  expect({ status, text }).toMatchObject({ status: 2, text: expect.stringMatching(/:9:7.*"versions"/) })
})

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startFakeCloud } from '../support/fake-cloud.ts'
import { makeQcow2 } from '../support/images.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

let origin: Origin
let root: string
let printed: string[]
const page = readFile('docs/library.md', 'utf8')
const before = process.cwd()

beforeEach(async () => {
  origin = await startOrigin()
  root = await mkdtemp(join(tmpdir(), 'image-updater-'))
  await mkdir(join(root, 'images'))
  await mkdir(join(root, 'mirror'))
  printed = []
  for (const method of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...texts) => void printed.push(texts.join(' ')))
  }
  process.chdir(root)
})
afterEach(async () => {
  process.chdir(before)
  process.exitCode = undefined
  vi.restoreAllMocks()
  await origin.close()
  await rm(root, { recursive: true, force: true })
})

const image = makeQcow2({ size: 40_000 })
const sums = (name: string) => `${createHash('sha256').update(image).digest('hex')}  ${name}\n`

async function publish(latestUrl: string, latestChecksumUrl = ''): Promise<void> {
  origin.put('/os/latest.json', '{ "version": "1.10.0" }')
  for (const folder of ['1.10.0', '20260301']) {
    const name = `os-${folder}.qcow2`
    origin.put(`/os/${folder}/${name}`, { body: image, lastModified: new Date('2026-03-01T12:00:00Z') })
    origin.put(`/os/${folder}/SHA256SUMS`, sums(name))
  }
  const checksums = latestChecksumUrl && `    latest_checksum_url: ${origin.url}${latestChecksumUrl}\n`
  await writeFile(
    join(root, 'images/os.yml'),
    `images:\n  - name: OS\n    shortname: os\n    format: qcow2\n    latest_url: ${origin.url}${latestUrl}\n${checksums}    versions: []\n`,
  )
}

const pattern = 'HEREBE\\d{8}DRAGONS'
const dated = () => publish(`/os/${pattern}/os-${pattern}.qcow2`, `/os/${pattern}/SHA256SUMS`)

describe('the examples of docs/library.md', () => {
  it.each(['check', 'update', 'publish', 'resolver', 'store', 'own'])('show %s.ts as it is', async (name) => {
    const text = await readFile(join(before, `docs/examples/${name}.ts`), 'utf8')
    expect(await page).toContain(`(examples/${name}.ts):\n\n\`\`\`ts\n${text}\`\`\`\n`)
  })

  it('check.ts says what is newer, and ends with the status of the command', async () => {
    await dated()
    await import('../../docs/examples/check.ts')
    expect(printed[0]).toMatch(/^OS outdated 20260301/)
    expect(printed[1]).toContain('1 outdated')
    expect(process.exitCode).toBe(10)
  })

  it('update.ts brings the catalogue up to date', async () => {
    await dated()
    await import('../../docs/examples/update.ts')
    expect(printed.filter((text) => !text.startsWith('{'))).toEqual(
      [expect.stringContaining('over plain http')].slice(0, printed.length - 1),
    )
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ exit_status: 0, summary: { updated: 1 } })
    expect(await readFile('images/os.yml', 'utf8')).toContain("version: '20260301'")
    expect(await readFile('mirror/os/20260301-os.qcow2')).toEqual(Buffer.from(image))
  })

  it('publish.ts says what would be done in a cloud', async () => {
    await publish('/os/1.10.0/os-1.10.0.qcow2')
    const digest = createHash('sha256').update(image).digest('hex')
    const versions = `versions:\n      - { version: '1', url: '${origin.url}/os/1.10.0/os-1.10.0.qcow2', checksum: 'sha256:${digest}' }`
    const text = await readFile('images/os.yml', 'utf8')
    await writeFile(
      'images/os.yml',
      text.replace('versions: []', `visibility: private\n    multi: true\n    ${versions}`),
    )
    const cloud = await startFakeCloud()
    await writeFile('clouds.yaml', cloud.cloudsFile().replace('"fake"', '"mycloud"'), { mode: 0o600 })
    vi.stubEnv('OS_CLIENT_CONFIG_FILE', join(root, 'clouds.yaml'))
    try {
      await import('../../docs/examples/publish.ts')
    } finally {
      vi.unstubAllEnvs()
      await cloud.close()
    }
    expect(printed).toEqual(['mycloud OS would-publish There is no image of version 1'])
    expect(process.exitCode).toBe(0)
  })

  it('own.ts finds a build by a resolver of its own, and keeps it in a store of its own', async () => {
    await publish('/os/latest.json')
    await import('../../docs/examples/own.ts')
    expect(printed).toEqual(['1 os/20260301-os.qcow2,os/SHA256SUMS'])
    const text = await readFile('images/os.yml', 'utf8')
    expect(text).toContain("version: '1.10.0'")
    expect(text).toContain('mirror_url: https://images.example/os/20260301-os.qcow2')
  })
})

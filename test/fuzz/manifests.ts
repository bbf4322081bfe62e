/** Checksum files, documents and pointers: nothing that they do not say comes out of them. */
import assert from 'node:assert'
import { parseChecksumFile } from '../../src/discovery/checksum-file.ts'
import { parseBuildMetadata, parseDebianBuild, parseDocument } from '../../src/discovery/documents.ts'
import { parseFeed, parseFeedPaths } from '../../src/discovery/feed.ts'
import { datedTwin, listedFile, type Manifest } from '../../src/discovery/manifest.ts'
import { isSafeFileName } from '../../src/discovery/names.ts'
import { parsePointer } from '../../src/discovery/strategies/pointer.ts'
import { type Digest, type Image, parseDigest } from '../../src/image.ts'
import type { Target } from './target.ts'
import { readWith, type TextCase, textOf, texts } from './texts.ts'

const name = 'disk.qcow2'
const folder = 'https://a.example/images/'
const sha256 = 'a1'.repeat(32)
const sha512 = '0f'.repeat(64)
const other = 'B2'.repeat(32)
const base64 = Buffer.from(sha512, 'hex').toString('base64').replace(/=+$/, '')

const snippets = [
  `${sha256}  ${name}\n`,
  `${sha512} *${name}\n`,
  `${other} ./disk-20260101.qcow2\r\n`,
  `${other}  images/${name}\n`,
  `\\${sha256}  a\\\\b.qcow2\n`,
  `SHA256 (${name}) = ${other}\n`,
  `SHA512 (other (1).img) = ${sha512}\n`,
  `SHA3-256 (${name}) = ${sha256}\n`,
  `# ${name}: 12345 bytes\n`,
  '# SHA512 HASH\n',
  '# WHIRLPOOL HASH\n',
  `${sha256}\n`,
  sha256,
  sha512,
  name,
  '  ',
  ' *',
  'SHA256 (',
  ') = ',
  `2026-01-01 20260101/${name} 5\n`,
  `{"format":"products:1.0","products":{"a":{"versions":{"20260101":{"items":{"b":{"path":"x/${name}","sha256":"${sha256}","size":5}}}}}}}`,
  `{"stream":"s","architectures":{"x":{"artifacts":{"o":{"release":"1.20260101.0","formats":{"q":{"disk":{"location":"${folder}${name}","sha256":"${sha256}"}}}}}}}}`,
  `{"kind":"List","items":[{"kind":"Upload","metadata":{"labels":{"upload.cloud.debian.org/image-format":"qcow2"},"annotations":{"cloud.debian.org/digest":"sha512:${base64}"}}}]}`,
  `[{"version":"43","link":"${folder}${name}","sha256":"${sha256}","size":"5"}]`,
  `[{"tag_name":"v1","published_at":"2026-01-01","assets":[{"browser_download_url":"${folder}${name}","digest":"sha256:${sha256}"}]}]`,
  `[{"tag_name":"v1","assets":{"links":[{"url":"${folder}${name}"}]}}]`,
  `{"base_url":"${folder}","kvm":{"image":"/${name}","sha256":"${sha256}"}}`,
  `paths:\n  - name: ${name}\n    sha256sum: ${sha256}\n`,
  '"sha256":',
  '[',
  '{',
  ',',
  ']',
  '}',
  ': &a *a\n',
]

const context = { now: new Date('2026-08-01T00:00:00Z'), tell: () => undefined }
const image: Image = { name: 'Disk', versions: [], latestUrl: `${folder}${name}` } as unknown as Image

async function check(one: TextCase): Promise<void> {
  const text = textOf(one)
  const isSaid = (digest: Digest) => text.toLowerCase().includes(digest.hex)
  const read = await readWith(() => parseChecksumFile(text, `${name}.sha256`))
  assert(read !== undefined, 'A checksum file is refused')
  const lines = text.split('\n')
  const sameLine = new Set<string>()
  for (const { name: listed, digest } of read.entries) {
    assert.deepStrictEqual(parseDigest(`${digest.algorithm}:${digest.hex}`), digest)
    // Long texts repeat themselves.
    const key = `${digest.hex} ${listed}`
    if (sameLine.has(key) || sameLine.size > 200) continue
    sameLine.add(key)
    if (listed === undefined) assert.strictEqual(text.trim().toLowerCase(), digest.hex)
    else
      assert(
        lines.some((line) => saysOf(line, listed, digest)),
        `No line says ${digest.hex} of ${listed}`,
      )
  }
  await checkLookUp(text, { ...read, url: `${folder}SHA256SUMS`, trust: 'checksum' })
  const documents = [
    await readWith(() => parseDocument(text, `${folder}streams/v1/x.json`).items),
    await readWith(() => parseFeed(text, feed, folder)?.items),
  ]
  for (const { url, digests } of documents.flatMap((items) => items ?? [])) {
    assert(URL.canParse(url), `${url} is no URL`)
    assert(digests.every(isSaid), `The document does not say the digest of ${url}`)
  }
  const metadata = await readWith(() => parseBuildMetadata(text, name))
  assert(metadata?.every(isSaid) && (metadata.length === 0 || text.includes('disk')), 'A digest of nothing')
  await readWith(() => parseDebianBuild(text, `${folder}disk.json`))
  for (const { path } of (await readWith(() => parsePointer(text))) ?? []) {
    assert(text.includes(path) && path.split('/').every(isSafeFileName), `The pointer does not say ${path}`)
  }
}

const feed = parseFeedPaths({ url: '/*/link', version: '/*/version', digest: ['/*/sha256'] })

function saysOf(line: string, listed: string, { hex }: Digest): boolean {
  const names = [line, line.replaceAll('\\\\', '\\')]
  return line.toLowerCase().includes(hex) && names.some((one) => one.includes(listed))
}

async function checkLookUp(text: string, manifest: Manifest): Promise<void> {
  const found = await readWith(() => listedFile(`${folder}${name}`, manifest, image))
  if (found === undefined) return
  assert.strictEqual(found.name, name)
  const isBare = text.trim().toLowerCase() === found.digest.hex
  assert(isBare || text.includes(name), 'A digest for a name that the text does not have')
  const twin = await readWith(() => datedTwin(`${folder}${name}`, found, manifest, context))
  assert(
    twin !== undefined && (twin === found || text.includes(twin.name)),
    'A name that the text does not have',
  )
}

export const manifests: Target<TextCase> = {
  name: 'manifests',
  missing: [],
  cases: texts(snippets),
  check,
  kept: [
    // YAML on one endless line, and lists within lists.
    { pieces: [`{"paths":[{"name":"${name}"}]}}`], times: 10_000, damages: [] },
    { pieces: [`[{"name":"${name}"}][\n`], times: 10_000, damages: [] },
  ],
  batch: 200,
}

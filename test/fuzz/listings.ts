/** Listings of folders in every form: plain names that stand in the text, or an error of ours, after few requests. */
import assert from 'node:assert'
import fc from 'fast-check'
import { parseReleaseListing } from '../../src/discovery/documents.ts'
import { fetchListing } from '../../src/discovery/listing.ts'
import { isSafeFileName } from '../../src/discovery/names.ts'
import { maxPages } from '../../src/discovery/pages.ts'
import type { DiscoveryHttp } from '../../src/http/client.ts'
import { statusError } from '../../src/http/failure.ts'
import type { Target } from './target.ts'
import { readWith, type TextCase, textOf, texts } from './texts.ts'

const snippets = [
  '<html><body><h1>Index of /images</h1><pre>',
  '<a href="20260101/">20260101/</a> 2026-01-01 00:00 -\n',
  '<a href="disk.qcow2">disk.qcow2</a>',
  "<a href='./a%20b.img'>a b</a>",
  '<a href="?C=N;O=D">Name</a><a href="/images/">up</a><a href="../">..</a>',
  '<a href="https://h.example/images/x.img">',
  '<a href="%2e%2e/x"><a href="..%2fx"><a href="a&#47;b"><a href="\\\\x">',
  '<base href="https://evil.example/">',
  '</pre></body></html>',
  '<!--',
  '-->',
  '<![CDATA[',
  '<?xml version="1.0"?><list><directory mtime="x">15.6</directory><file size="1">x.iso</file></list>',
  '<ListBucketResult><Name>b</Name><Prefix></Prefix><IsTruncated>false</IsTruncated><Contents><Key>images/disk.qcow2</Key></Contents>',
  '<CommonPrefixes><Prefix>images/20260101/</Prefix></CommonPrefixes>',
  '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>',
  '<IsTruncated>true</IsTruncated><NextMarker>images/x</NextMarker>',
  '<EncodingType>url</EncodingType>',
  '</ListBucketResult>',
  '[{"name":"15.6","type":"directory"},{"name":"x.iso","type":"file","size":1}]',
  '{"data":[{"name":"15.6/"},{"name":"../"},{"name":"a/b"}]}',
  '{"children":[{"uri":"/15.6","folder":true},{"uri":"/x.iso","folder":false}]}',
  '["v1.9", "b/", "..", "x\\u0000"]',
  '[{"name":"images/disk.qcow2","hash":"x"},{"subdir":"images/20260101/"}]',
  '[{"tag_name":"v1","published_at":"2026-01-01","assets":[{"browser_download_url":"https://github.com/o/r/releases/download/v1/disk.img"}]}]',
  'images/disk.qcow2\nimages/20260101/disk.qcow2\n',
  'disk.qcow2\r\n',
  ...[
    '[',
    ']',
    '{',
    '}',
    ',',
    '"name":',
    '<Key>',
    '</Key>',
    '<a href="',
    '">',
    '/',
    '..',
    '\u202e',
    '\u0000',
  ],
]

const folders = [
  'https://h.example/images/',
  'https://b.s3.eu-central-1.amazonaws.com/images/',
  'https://h.example/v1/AUTH_a/c/images/',
  'https://github.com/o/r/releases/download/',
  'https://github.com/o/r/releases/download/v1/',
]

interface ListingCase extends TextCase {
  readonly folder: string
  /** How many questions are answered with 404 and an XML document first, as by an object store. */
  readonly refused: number
}

const cases: fc.Arbitrary<ListingCase> = fc
  .tuple(texts(snippets), fc.constantFrom(...folders), fc.constantFrom(0, 0, 0, 1, 2))
  .map(([text, folder, refused]) => ({ ...text, folder, refused }))

async function check({ folder, refused, ...one }: ListingCase): Promise<void> {
  const text = textOf(one)
  let asked = 0
  const http: DiscoveryHttp = {
    async text(url) {
      asked += 1
      if (asked <= refused) throw statusError(url, 404, { 'content-type': 'application/xml' })
      return { url, text, bytes: Buffer.from(text) }
    },
    facts: (url) => assert.fail(`Nobody asks for the facts of ${url}`),
  }
  const context = { http, resolver: { name: 'example' }, signal: undefined, tell: () => undefined }
  const listed = await readWith(() => fetchListing(folder, context))
  // The folder itself, and two places where a bucket above it may be.
  assert(asked <= 3 * maxPages + 3, `${asked} questions for one folder`)
  const releases = await readWith(() => parseReleaseListing(text, undefined)?.items)
  // What is encoded stands there in other characters.
  const isPlain = !/[&%\\]|EncodingType/.test(text)
  const said = isPlain ? text.replace(/<[^<>]*>/g, '') + text : ''
  for (const name of new Set([...(listed ?? []), ...(releases ?? [])].map((entry) => entry.name))) {
    assert(isSafeFileName(name), `${JSON.stringify(name)} is no plain name`)
    assert(!isPlain || said.includes(name), `${JSON.stringify(name)} does not stand in the text`)
  }
}

function kept(text: string, times = 1): ListingCase {
  return { pieces: [text], times, damages: [], folder: 'https://h.example/images/', refused: 1 }
}

export const listings: Target<ListingCase> = {
  name: 'listings',
  missing: [],
  cases,
  check,
  kept: [
    // An end tag that is none, elements without end, and a page that leads to itself.
    kept('<?xml version="1.0"?><list><directory>15.6</directory\0<file size="1">x.iso</file></list>'),
    kept('<div>', 100_000),
    kept('<ListBucketResult>', 30_000),
    kept('<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'),
  ],
  batch: 100,
}

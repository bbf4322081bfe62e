import { describe, expect, it } from 'vitest'
import type { SourceRule } from '../../src/discovery/source-rule.ts'
import { findNewest } from '../../src/update/newest.ts'
import { type Exchange, FakeHttp } from '../discovery/fake-http.ts'
import { imageOf } from '../discovery/image.ts'

const sums = `${'a'.repeat(64)}  x.qcow2\n`
const firstUse: SourceRule = { name: 'x', images: ['*'], strategy: 'first-use' }
const listing = '<a href="x-1.qcow2">x</a>'

describe('findNewest', () => {
  it.each<[string, string, string | undefined, Exchange[], string[]]>([
    ['https', 'https://h/x.qcow2', 'https://h/SHA256SUMS', [['GET https://h/SHA256SUMS', sums]], []],
    [
      'http',
      'http://h/x.qcow2',
      'http://h/SHA256SUMS',
      [['GET http://h/SHA256SUMS', sums]],
      ['The checksum comes from h over plain http'],
    ],
    [
      'http, without a checksum',
      'http://h/x-HEREBE\\d+DRAGONS.qcow2',
      undefined,
      [['GET http://h/', listing]],
      ['The image comes from h over plain http'],
    ],
  ])(
    'warns where nothing protects what comes over %s',
    async (_, latestUrl, latestChecksumUrl, asked, warned) => {
      const http = new FakeHttp(asked)
      const warnings: string[] = []
      await findNewest(
        imageOf({ latestUrl, latestChecksumUrl }),
        { http, tell: () => {}, source: latestChecksumUrl === undefined ? firstUse : undefined },
        (step) => {
          if (step.type === 'warning') warnings.push(step.message)
        },
      )
      expect(warnings).toEqual(warned.map((begin) => expect.stringContaining(begin)))
      http.done()
    },
  )
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { imageDefinition, type Mapping } from '../../src/validate/schema.ts'
import { validateCatalogue } from '../../src/validate/validate.ts'

const corpus = '../shared/corpus'
const isPresent = existsSync(corpus)

describe.skipIf(!isPresent)(`the real catalogue (skipped where ${corpus} is missing)`, () => {
  it('has the defects that are really there, and no other is found', async () => {
    const now = () => new Date('2026-08-01T00:00:00Z')
    const { findings, summary } = await validateCatalogue({ images: [join(corpus, 'catalogue')] }, { now })
    expect(summary).toEqual({ files: 12, images: 29, errors: 2, warnings: 12 })
    const byRule = new Map<string, string[]>()
    for (const { rule, image = '' } of findings) byRule.set(rule, [...(byRule.get(rule) ?? []), image])
    expect(Object.fromEntries(byRule)).toEqual({
      'placeholder-url': ['CentOS 7'],
      'repeated-checksum': ['Garden Linux'],
      'moving-url': [
        'AlmaLinux 8',
        'AlmaLinux 9',
        'Rocky 8',
        'Rocky 9',
        'Ubuntu 14.04',
        'Ubuntu 16.04',
        'Ubuntu 16.04 Minimal',
        'Ubuntu 18.04',
        'Ubuntu 18.04 Minimal',
      ],
      // Both are os_distro centos, os_version 9.
      'scs-0102-os_purpose-uniqueness': ['CentOS Stream 9'],
      'date-mismatch': ['Fedora 37', 'Ubuntu 16.04 Minimal'],
    })
  })

  it("knows the keys of Image Manager's schema, which are required, and what they may be", () => {
    const [, ...documents] = parseAllDocuments(
      readFileSync(join(corpus, 'image-manager-schema.yaml'), 'utf8'),
    )
    const theirs = Object.assign({}, ...documents.map((document) => document.toJS()))
    const { image, meta, versions } = theirs as Record<string, Record<string, string>>
    const ours = imageDefinition.keys
    const version = (ours.versions as { items: Mapping } | undefined)?.items
    for (const [shape, schema] of [
      [imageDefinition, image],
      [ours.meta as Mapping, meta],
      [version as Mapping, versions],
    ] as const) {
      expect(Object.keys(shape.keys).sort()).toEqual(Object.keys(schema ?? {}).sort())
      for (const [key, rule] of Object.entries(schema ?? {})) {
        expect([key, shape.keys[key]?.isOptional ?? false]).toEqual([key, rule.includes('required=False')])
        const values = [...(/^enum\((.*?)\)/.exec(rule)?.[1]?.matchAll(/'([^']+)'/g) ?? [])].map(
          ([, one]) => one,
        )
        if (values.length === 0) continue
        const orNothing = rule.includes('None') ? ' or nothing' : ''
        expect(shape.keys[key]).toMatchObject({
          expected: `one of ${values.join(', ')}${orNothing}`,
        })
      }
    }
  })
})

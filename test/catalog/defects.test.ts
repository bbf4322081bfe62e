import { describe, expect, it } from 'vitest'
import { listDefects } from '../../src/catalog/defects.ts'
import { readDefinitions } from '../../src/catalog/definitions.ts'
import { CatalogDocument } from '../../src/catalog/document.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { UpdaterError } from '../../src/errors.ts'
import { inspectFile } from '../../src/validate/inspect.ts'

const many = 500
const repeated = (line: string, head = 'images:\n') => head + `${line}\n`.repeat(many)

function defectsOf(read: () => unknown): readonly UpdaterError[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof UpdaterError) return listDefects(error)
    throw error
  }
}

describe('a file with thousands of defects', () => {
  const inVersions = 'images:\n- name: A\n  versions:\n'
  it.each([
    ['entries that are no mappings', repeated('- 1')],
    ['images without a name', repeated('- {}')],
    ['versions that are none', repeated('  - 1', inVersions)],
    ['merge keys that take no mapping', repeated('- {name: A, <<: 1}')],
  ])('has a hundred of them told when it is read: %s', (_, text) => {
    const defects = defectsOf(() => parseCatalog('a.yml', text))
    expect(defects).toHaveLength(101)
    expect(defects[100]?.message).toBe('There are more than 100 defects: the others are not told')
    expect(defects[100]?.place?.line).toBeGreaterThan(100)
  })

  it.each([
    ['keys that stand twice', repeated('  a: 1', 'images:\n- name: A\n')],
    ['aliases without an anchor', repeated('- *a')],
    ['words that YAML does not know', repeated('- "\\q"')],
    ['brackets without a beginning', repeated('- ]')],
  ])('has a hundred of them told of its YAML: %s', (_, text) => {
    expect(new CatalogDocument('a.yml', text).defects).toHaveLength(101)
    expect(defectsOf(() => readDefinitions('a.yml', text))).toHaveLength(1)
  })

  it.each([
    ['errors', repeated('- {}'), 'error', 101],
    [
      'unknown keys',
      `images:\n- name: A\n${Array.from({ length: many }, (_, n) => `  k${n}: 1\n`).join('')}`,
      'error',
      101,
    ],
    ['syntax', repeated('- *a'), 'error', 101],
  ] as const)('has a hundred of them found: %s', (_, text, severity, count) => {
    const { findings } = inspectFile('a.yml', text, '2026-01-01')
    const found = findings.filter((finding) => finding.severity === severity)
    expect(found).toHaveLength(count)
    expect(found.at(-1)).toMatchObject({ rule: 'too-many', severity: 'error' })
  })

  it('has errors told behind any number of warnings', () => {
    const idle =
      '- {name: A, shortname: a, enable: true, format: raw, login: a, min_disk: 1, min_ram: 512, status: active, visibility: public, multi: false, meta: {}, tags: [], versions: []}\n'
    const { findings } = inspectFile('a.yml', `images:\n${idle.repeat(many)}- {}\n`, '2026-01-01')
    expect(findings.filter(({ severity }) => severity === 'warning').length).toBeGreaterThan(many)
    expect(findings.map(({ rule }) => rule)).toContain('missing-key')
  })
})

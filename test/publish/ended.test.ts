import { describe, expect, it } from 'vitest'
import { readCloudDefinitions } from '../../src/cloud/definition.ts'
import { isOver } from '../../src/publish/ended.ts'

function definition(release: string, until: string) {
  const text = `images:
  - { name: Ubuntu ${release}, enable: true, format: qcow2, visibility: public, multi: true,
      meta: { os_distro: ubuntu, os_version: "${release}", provided_until: ${until} }, versions: [] }
`
  const [read] = readCloudDefinitions('ubuntu.yml', text)
  if (read?.definition === undefined) throw new Error('the definition cannot be read')
  return read.definition
}

describe('isOver', () => {
  it.each([
    ['16.04', 'none', true],
    ['16.04', 'notice', true],
    ['16.04', '2026-11-29', true],
    ['16.04', '2026-11-30', false],
    ['16.04', '2030-01-01', false],
    ['24.04', 'none', false],
    ['24.04', '2026-01-01', false],
  ])('Ubuntu %s, provided until %s: %s', (release, until, expected) => {
    expect(isOver(definition(release, until), '2026-11-30')).toBe(expected)
  })
})

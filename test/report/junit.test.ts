import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { formatJunit } from '../../src/report/junit.ts'
import { outcome, reportOf } from '../cli/support.ts'
import { anyText } from '../support/any-text.ts'
import { checked, checkOf, disabled, failed, hostile, outdated } from './checked.ts'

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  isArray: (name) => ['testsuite', 'testcase'].includes(name),
})

interface Case extends Record<string, unknown> {
  readonly name: string
  readonly failure?: { readonly message: string; readonly type: string; readonly '#text': string }
}
interface Suite extends Record<string, unknown> {
  readonly tests: string
  readonly testcase: readonly Case[]
}

/** Attributes and children that the schemas of Ant, Jenkins and Surefire ask for between them. */
function read(text: string): Suite[] {
  expect(XMLValidator.validate(text)).toBe(true)
  const { testsuites } = parser.parse(text) as {
    testsuites: Record<string, unknown> & { testsuite: Suite[] }
  }
  const suites = testsuites.testsuite
  for (const suite of suites) {
    expect(Object.keys(suite)).toEqual([
      ...['properties', 'testcase', 'system-out', 'system-err', 'tests', 'failures', 'errors', 'skipped'],
      ...['id', 'package', 'name', 'time', 'timestamp', 'hostname'],
    ])
    expect(suite.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
    const count = (of: string) => suite.testcase.filter((one) => of in one).length
    expect([suite.tests, suite.failures, suite.skipped, suite.errors]).toEqual(
      [suite.testcase.length, count('failure'), count('skipped'), 0].map(String),
    )
    for (const one of suite.testcase) {
      expect(one).toMatchObject({ name: expect.any(String), classname: expect.any(String) })
      expect(one.time).toMatch(/^\d+\.\d{3}$/)
    }
  }
  const sum = (key: string) => String(suites.reduce((total, suite) => total + Number(suite[key]), 0))
  for (const key of ['tests', 'failures', 'skipped', 'errors']) expect(testsuites[key]).toBe(sum(key))
  return suites
}

describe('JUnit XML', () => {
  it('of a check has a suite for each file, and fails what failed alone', () => {
    const [alpha, delta] = read(formatJunit(checkOf([checked(), outdated, disabled, failed])))
    expect(alpha).toMatchObject({ name: 'etc/images/alpha.yml', tests: '3', failures: '0', skipped: '1' })
    expect(alpha?.testcase[1]).toMatchObject({
      ...{ name: 'Beta 2', line: '3', 'system-out': '20250501 -> 20250506' },
      'system-err': outdated.warnings[0],
    })
    expect(alpha?.testcase[2]).toMatchObject({ skipped: { message: 'disabled' } })
    expect(delta?.testcase[0]?.failure).toEqual({
      type: 'HTTP_STATUS',
      message: 'https://e.example/SHA256SUMS answered 404',
      '#text': 'etc/images/delta.yml:7:5: https://e.example/SHA256SUMS answered 404. Look at the server.',
    })
  })

  it('of an update tells the time of each transfer', () => {
    const image = outcome({ status: 'updated', mirror: { status: 'stored', seconds: 1.5 } })
    const [suite] = read(formatJunit(reportOf([image, outcome({ name: 'Other' })])))
    expect(suite?.testcase.map(({ time }) => time)).toEqual(['1.500', '0.000'])
    expect(suite?.time).toBe('1.500')
  })

  it('of a refusal has its errors as cases', () => {
    const errors = [{ code: 'USAGE', message: 'No' } as const]
    const [suite] = read(formatJunit(checkOf([], { errors })))
    expect(suite?.testcase[0]?.failure).toMatchObject({ type: 'USAGE', message: 'No' })
  })

  it('lets no text out of its place, and holds only what XML may', () => {
    const text = formatJunit(checkOf([hostile]))
    const [suite] = read(text)
    expect(suite?.testcase[0]?.failure?.message).toContain('</script><img src=x onerror=alert(1)>&amp;')
    fc.assert(
      fc.property(anyText(), (any) => {
        const written = formatJunit(checkOf([checked({ name: any, file: any, warnings: [any, any] })]))
        expect(written).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
        expect(written).not.toMatch(/[\ud800-\udfff]/u)
        const [one] = read(written)
        expect(one?.testcase).toHaveLength(1)
      }),
      { seed: 2, numRuns: 500 },
    )
  })
})

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { rules, scsRules } from '../../src/rules.ts'

it('docs/validating.md has every rule, and none that is not', () => {
  const [, errors = '', warnings = '', scs = ''] = readFileSync('docs/validating.md', 'utf8').split(
    /^## .*\n/m,
  )
  const listed = (part: string) =>
    [...part.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
      cell.split(', ').map((name) => name.slice(1, -1)),
    )
  expect(listed(errors)).toEqual(Object.keys(rules.error))
  expect(listed(warnings)).toEqual(Object.keys(rules.warning))
  expect(listed(scs.replace(/^.*?Mandatory/s, ''))).toEqual([
    ...Object.keys(scsRules.mandatory),
    ...Object.keys(scsRules.recommended),
  ])
})

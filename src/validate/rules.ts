import type { Place } from '../errors.ts'
import type { Finding } from '../report/schemas.ts'
import { type RuleName, rules, scsRules } from '../rules.ts'

const remedies = { ...rules.error, ...rules.warning, ...scsRules.mandatory, ...scsRules.recommended }

/** Takes what is wrong: the rule, the place, a sentence, and a remedy if the rule's own is too general. */
export type ReportFinding = (rule: RuleName, place: Place, message: string, remedy?: string) => void

/** Collects what is found in an image of this name, or outside of all images. */
export function reportInto(findings: Finding[], name?: string): ReportFinding {
  return (rule, place, message, remedy) => findings.push(findingOf(rule, place, message, remedy, name))
}

export function findingOf(
  rule: RuleName,
  { file, line, column }: Place,
  message: string,
  remedy: string = remedies[rule],
  name = '',
): Finding {
  const severity = rule in rules.error ? 'error' : 'warning'
  const image = name === '' ? undefined : name
  return { severity, rule, file, line, column, image, message, remedy }
}

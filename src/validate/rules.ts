import type { Place } from '../errors.ts'
import type { Finding, Severity } from '../report/schemas.ts'
import { type RuleName, rules, scsRules } from '../rules.ts'

const remedies = { ...rules.error, ...rules.warning, ...scsRules.mandatory, ...scsRules.recommended }

/** Takes what is wrong: the rule, the place, a sentence, and a remedy if the rule's own is too general. */
export type ReportFinding = (rule: RuleName, place: Place, message: string, remedy?: string) => void

/** Findings of one file that are told. */
const most = { error: 100, warning: 10_000 } as const satisfies Record<Severity, number>

/** Collects what is found in one file. The same in the same place is told once, as at each alias of an anchor. */
export class FileFindings {
  readonly all: Finding[] = []
  readonly #counts: Record<Severity, number> = { error: 0, warning: 0 }
  readonly #told = new Set<string>()

  /** Takes what is found in an image of this name, or outside of all images. */
  reportOf(name?: string): ReportFinding {
    return (rule, place, message, remedy) => {
      const severity = severityOf(rule)
      if (this.#counts[severity] > most[severity]) return
      const key = JSON.stringify([rule, place.line, place.column, message])
      if (this.#told.has(key)) return
      this.#told.add(key)
      this.#counts[severity] += 1
      if (this.#counts[severity] <= most[severity]) {
        this.all.push(findingOf(rule, place, message, remedy, name))
      } else {
        const more = `There are more than ${most[severity]} ${severity}s in the file: the others are not told`
        this.all.push(findingOf('too-many', place, more))
      }
    }
  }
}

export function findingOf(
  rule: RuleName,
  { file, line, column }: Place,
  message: string,
  remedy: string = remedies[rule],
  name = '',
): Finding {
  const severity = severityOf(rule)
  const image = name === '' ? undefined : name
  return { severity, rule, file, line, column, image, message, remedy }
}

function severityOf(rule: RuleName): Severity {
  return rule in rules.error ? 'error' : 'warning'
}

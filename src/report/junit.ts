import { printable } from '../errors.ts'
import { escapeMarkup } from '../markup.ts'
import { shownVersion } from './check.ts'
import type { CheckedImage, CheckReport, ImageOutcome, OutcomeError, RunReport } from './schemas.ts'
import { errorText } from './text.ts'

/** An image, or the reason of a refusal, as a test case. */
interface Case {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly status: string
  readonly reason?: ImageOutcome['reason']
  readonly warnings: readonly string[]
  readonly error?: OutcomeError | undefined
  /** The content of `system-out`. */
  readonly told?: string | undefined
  readonly seconds?: number | undefined
}

/** The schema that Jenkins, GitLab and the others have in common, with every attribute that it asks for. */
export function formatJunit(report: RunReport | CheckReport): string {
  const { started_at, seconds, errors } = report
  const command = 'command' in report ? report.command : 'update'
  const images = 'command' in report ? report.images.map(checkCase) : report.images.map(updateCase)
  const cases = [...errors.map((error) => refusalCase(command, error)), ...images]
  const files = [...new Set(cases.map(({ file }) => file))]
  const suites = files.map((file, id) => {
    const own = cases.filter((one) => one.file === file)
    const begin = element('testsuite', {
      ...totals(own),
      id,
      package: command,
      name: file,
      time: time(own.reduce((sum, one) => sum + (one.seconds ?? 0), 0)),
      timestamp: started_at.replace(/\.\d+Z$|Z$/, ''),
      hostname: 'localhost',
    })
    const body = own.map((one) => `    ${formatCase(command, one)}`)
    return [
      `  ${begin}`,
      '    <properties/>',
      ...body,
      '    <system-out/>',
      '    <system-err/>',
      '  </testsuite>',
    ].join('\n')
  })
  const begin = element('testsuites', {
    ...totals(cases),
    name: `image-updater ${command}`,
    time: time(seconds),
  })
  return `${['<?xml version="1.0" encoding="UTF-8"?>', begin, ...suites, '</testsuites>'].join('\n')}\n`
}

function updateCase(image: ImageOutcome): Case {
  const told = change(image.previous?.version, image.current?.version)
  return { ...image, seconds: image.mirror?.seconds, told }
}

/** An image that is behind its distribution is no failure. */
function checkCase(image: CheckedImage): Case {
  return { ...image, told: change(shownVersion(image)?.version, image.newest?.version) }
}

/** Why nothing was done, as a case. */
function refusalCase(command: string, error: OutcomeError): Case {
  const { code: name, place } = error
  return { file: place?.file ?? command, line: place?.line ?? 1, name, status: 'failed', warnings: [], error }
}

function change(before: string | undefined, after: string | undefined): string | undefined {
  return before === after || after === undefined ? after : `${before ?? '-'} -> ${after}`
}

function totals(cases: readonly Case[]) {
  return {
    tests: cases.length,
    failures: cases.filter(({ error }) => error !== undefined).length,
    errors: 0,
    skipped: cases.filter(({ status }) => status === 'skipped').length,
  }
}

function formatCase(command: string, one: Case): string {
  const begin = element('testcase', {
    name: one.name,
    classname: `image-updater.${command}`,
    file: one.file,
    line: one.line,
    time: time(one.seconds ?? 0),
  })
  const { error, reason, told, warnings } = one
  const failure =
    error === undefined
      ? ''
      : `${element('failure', { type: error.code, message: error.message })}${escapeXml(errorText(error))}</failure>`
  const skipped = one.status === 'skipped' ? element('skipped', { message: reason ?? '' }, true) : ''
  const out = told === undefined ? '' : `<system-out>${escapeXml(told)}</system-out>`
  const err = warnings.length === 0 ? '' : `<system-err>${escapeXml(warnings.join('\n'))}</system-err>`
  return `${begin}${skipped}${failure}${out}${err}</testcase>`
}

function element(name: string, attributes: Record<string, string | number>, isEmpty = false): string {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
  return `<${name}${all.join('')}${isEmpty ? '/' : ''}>`
}

function time(seconds: number): string {
  return seconds.toFixed(3)
}

/** No character is left that XML 1.0 does not allow: those become `\u{…}`. */
export function escapeXml(text: string): string {
  const lines = text.split('\n').map(printable)
  return escapeMarkup(lines.join('\n').replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd'))
}

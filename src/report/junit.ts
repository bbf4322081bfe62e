import { printable } from '../errors.ts'
import { type CheckReport, toldVersion } from './check.ts'
import type { ImageOutcome, OutcomeError, RunReport } from './outcome.ts'
import { errorText } from './text.ts'

/** One image, as a test case: what both kinds of outcomes have. */
interface Case {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly status: string
  readonly reason?: ImageOutcome['reason']
  readonly warnings: readonly string[]
  readonly error?: OutcomeError | undefined
  /** What went to `system-out`. */
  readonly told?: string | undefined
  readonly seconds?: number | undefined
}

interface Suites {
  /** ISO 8601. */
  readonly startedAt: string
  readonly seconds: number
  readonly cases: readonly Case[]
}

/** An update as JUnit XML: a suite for each catalogue file, a case for each image. */
export function formatRunJunit(report: RunReport): string {
  const cases = report.images.map((image) => ({
    ...image,
    seconds: image.mirror?.seconds,
    told: change(image.previous?.version, image.current?.version),
  }))
  return formatSuites('update', { ...report, cases })
}

/** A check as JUnit XML; an image that is behind its distribution is no failure. */
export function formatCheckJunit(report: CheckReport): string {
  const cases = report.images.map((image) => ({
    ...image,
    told: change(toldVersion(image)?.version, image.newest?.version),
  }))
  return formatSuites('check', { ...report, cases })
}

/** Why nothing was done, as one suite whose cases are the errors. */
export function formatRefusalJunit(
  command: string,
  errors: readonly OutcomeError[],
  about: Omit<Suites, 'cases'>,
): string {
  const cases = errors.map((error) => ({
    file: error.place?.file ?? command,
    line: error.place?.line ?? 1,
    name: error.code,
    status: 'failed',
    warnings: [],
    error,
  }))
  return formatSuites(command, { ...about, cases })
}

function change(before: string | undefined, after: string | undefined): string | undefined {
  return before === after || after === undefined ? after : `${before ?? '-'} -> ${after}`
}

/** The schema that Jenkins, GitLab and the others have in common, with every attribute that it asks for. */
function formatSuites(command: string, { startedAt, seconds, cases }: Suites): string {
  const files = [...new Set(cases.map(({ file }) => file))]
  const suites = files.map((file, id) => {
    const own = cases.filter((one) => one.file === file)
    const begin = element('testsuite', {
      ...totals(own),
      id,
      package: command,
      name: file,
      time: time(own.reduce((sum, one) => sum + (one.seconds ?? 0), 0)),
      timestamp: startedAt.replace(/\.\d+Z$|Z$/, ''),
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

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** No character is left that XML 1.0 does not allow: those become `\u{…}`. */
export function escapeXml(text: string): string {
  return text
    .split('\n')
    .map(printable)
    .join('\n')
    .replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

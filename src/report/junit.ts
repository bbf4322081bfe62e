import { XMLBuilder } from 'fast-xml-parser'
import { shownVersion } from './check.ts'
import type { CheckReport, CloudOutcome, ImageOutcome, RunReport } from './schemas.ts'
import { errorText, printableLines } from './text.ts'

/** The attributes of an element begin with `@`. */
const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressBooleanAttributes: false,
  format: true,
})

type Case = ReturnType<typeof caseOf>

/** The schema that Jenkins, GitLab and the others have in common, with every attribute that it asks for. */
export function formatJunit(report: RunReport | CheckReport): string {
  const command = 'command' in report ? report.command : 'update'
  const cases = casesOf(report, command)
  const files = [...new Set(cases.map((one) => one['@file']))]
  return builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      ...totals(cases),
      '@name': `image-updater ${command}`,
      '@time': report.seconds.toFixed(3),
      testsuite: files.map((file, id) => {
        const own = cases.filter((one) => one['@file'] === file)
        return {
          ...totals(own),
          '@id': id,
          '@package': command,
          '@name': file,
          '@time': own.reduce((sum, one) => sum + Number(one['@time']), 0).toFixed(3),
          '@timestamp': report.started_at.replace(/\.\d+Z$|Z$/, ''),
          '@hostname': 'localhost',
          properties: '',
          testcase: own,
          'system-out': '',
          'system-err': '',
        }
      }),
    },
  })
}

/** The reasons of a refusal, and the images. An image that is behind its distribution is no failure of a check. */
function casesOf(report: RunReport | CheckReport, command: string) {
  const refusals = report.errors.map((error) => {
    const { file = command, line = 1 } = error.place ?? {}
    return caseOf(command, { file, line, name: error.code, status: 'failed', warnings: [], error })
  })
  const inClouds = (report.clouds ?? []).flatMap((outcome) => casesOfCloud(command, outcome))
  if (!('command' in report)) {
    const images = report.images.map((image) => {
      const told = change(image.previous?.version, image.current?.version)
      return caseOf(command, image, told, image.mirror?.seconds)
    })
    return [...refusals, ...images, ...inClouds]
  }
  const images = report.images.map((image) =>
    caseOf(command, image, change(shownVersion(image)?.version, image.newest?.version)),
  )
  return [...refusals, ...images, ...inClouds]
}

/** The cloud itself is one as well, where it could not be used. */
function casesOfCloud(command: string, { cloud, images, error }: CloudOutcome) {
  const own = { file: `cloud ${cloud}`, line: 1, name: cloud, status: 'failed', warnings: [], error }
  const ofImages = images.map((image) => {
    const found = image.findings.map(({ message }) => message).join('\n')
    return caseOf(
      command,
      { ...image, file: `cloud ${cloud}`, name: `${image.name} in ${cloud}` },
      found || undefined,
    )
  })
  return [...(error === undefined ? [] : [caseOf(command, own)]), ...ofImages]
}

function change(before: string | undefined, after: string | undefined): string | undefined {
  return before === after || after === undefined ? after : `${before ?? '-'} -> ${after}`
}

type Tested = Pick<ImageOutcome, 'file' | 'line' | 'name' | 'reason' | 'warnings' | 'error'> & {
  readonly status: string
}

function caseOf(command: string, image: Tested, told?: string, seconds = 0) {
  const { name, file, line, status, reason = '', warnings, error } = image
  return {
    '@name': xmlText(name),
    '@classname': `image-updater.${command}`,
    '@file': xmlText(file),
    '@line': line,
    '@time': seconds.toFixed(3),
    ...(status === 'skipped' && { skipped: { '@message': reason } }),
    ...(error && {
      failure: {
        '@type': error.code,
        '@message': xmlText(error.message),
        '#text': xmlText(errorText(error)),
      },
    }),
    ...(told !== undefined && { 'system-out': xmlText(told) }),
    ...(warnings.length > 0 && { 'system-err': xmlText(warnings.join('\n')) }),
  }
}

function totals(cases: readonly Case[]) {
  return {
    '@tests': cases.length,
    '@failures': cases.filter((one) => 'failure' in one).length,
    '@errors': 0,
    '@skipped': cases.filter((one) => 'skipped' in one).length,
  }
}

/** No character is left that XML 1.0 does not allow: those become `\u{…}`. */
function xmlText(text: string): string {
  return printableLines(text).replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
}

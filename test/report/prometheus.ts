/** One sample of a metrics text. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*/

/**
 * Reads Prometheus text (version 0.0.4) as strictly as its description asks
 * (https://prometheus.io/docs/instrumenting/exposition_formats/): HELP and TYPE once and before the samples,
 * the samples of a metric together, none twice, only known escapes, a newline at the end.
 */
export function parseMetrics(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the text does not end with a newline')
  const families = text.split(/^(?=# HELP )/m).map((family) => family.slice(0, -1).split('\n'))
  const names = families.map(([help = '']) => /^# HELP (\S+) ./.exec(help)?.[1])
  if (names.includes(undefined)) throw new Error('a metric has no help')
  if (new Set(names).size < names.length) throw new Error('a metric comes twice')
  return families.flatMap(([, type, ...lines], index) => parseFamily(names[index] ?? '', type, lines))
}

function parseFamily(name: string, type: string | undefined, lines: readonly string[]): Sample[] {
  if (metricName.exec(name)?.[0] !== name) throw new Error(`${name} is no name`)
  if (type !== `# TYPE ${name} gauge`) throw new Error(`${name} has no type`)
  const samples = lines.map((line) => parseSample(line, name))
  const keys = samples.map(({ labels }) => JSON.stringify(Object.entries(labels).sort()))
  if (new Set(keys).size < keys.length) throw new Error(`a sample of ${name} comes twice`)
  return samples
}

function parseSample(line: string, name: string): Sample {
  if (metricName.exec(line)?.[0] !== name) throw new Error(`no sample of ${name}: ${line}`)
  const labels: Record<string, string> = {}
  let rest = line.slice(name.length)
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const label = labelName.exec(rest)?.[0]
      const value = /^="((?:[^"\\]|\\[\\"n])*)"/.exec(rest.slice(label?.length ?? 0))
      if (label === undefined || value === null || label in labels) throw new Error(`bad labels: ${line}`)
      labels[label] = (value[1] ?? '').replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
      rest = rest.slice(label.length + value[0].length)
      if (rest.startsWith(',')) rest = rest.slice(1)
      else if (!rest.startsWith('}')) throw new Error(`bad labels: ${line}`)
    }
    rest = rest.slice(1)
  }
  const [, value] = /^ (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(rest) ?? []
  if (value === undefined) throw new Error(`no value: ${line}`)
  return { name, labels, value: Number(value) }
}

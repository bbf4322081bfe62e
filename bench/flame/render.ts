import type { Origin, Stack, Stacks } from './stacks.ts'

const width = 1000
const margin = 10
/** Title and legend. */
const top = 60
const rowHeight = 20
/** Of a letter, in a font in which all are alike. */
const letter = 7.25
/** Of the whole; what is shorter cannot be seen. */
const smallest = 0.002

const colours: Readonly<Record<Origin, string>> = {
  'our code': '#f4a261',
  packages: '#8ecae6',
  Node: '#b7d3a8',
  'garbage collection': '#e5989b',
}

/** Callers above, callees below; as wide as the time that they take. Waiting is left out. */
export function renderFlame(title: string, { root, idle }: Stacks): string {
  const { total } = root
  const scale = (width - 2 * margin) / total
  const boxes: string[] = []
  let depth = 0

  function draw(stack: Stack, x: number, row: number, label = labelOf(stack)): void {
    if (stack.total < smallest * total) return
    depth = Math.max(depth, row)
    boxes.push(box(stack, label, { x, y: top + row * rowHeight, width: stack.total * scale, total }))
    let at = x
    for (const callee of [...stack.callees.values()].sort((a, b) => b.total - a.total)) {
      draw(callee, at, row + 1)
      at += callee.total * scale
    }
  }

  draw(root, margin, 0, `${root.name}: ${seconds(total)} busy, ${seconds(idle)} waiting`)
  const height = top + (depth + 1) * rowHeight + margin
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${margin}" y="22" font-size="15" font-weight="bold" fill="#222">${escapeXml(title)}</text>`,
    ...legend(root),
    ...boxes,
    '</svg>',
    '',
  ].join('\n')
}

function legend(root: Stack): string[] {
  const sums = new Map<Origin, number>()
  const count = ({ origin, self, callees }: Stack) => {
    sums.set(origin, (sums.get(origin) ?? 0) + self)
    for (const callee of callees.values()) count(callee)
  }
  count(root)
  return Object.entries(colours).map(([origin, colour], index) => {
    const share = percent(sums.get(origin as Origin) ?? 0, root.total)
    const x = margin + index * 200
    return `<rect x="${x}" y="34" width="12" height="12" rx="2" fill="${colour}"/><text x="${x + 18}" y="44" fill="#222">${origin} ${share}</text>`
  })
}

function box(
  { name, file, origin, total: time }: Stack,
  label: string,
  { x, y, width, total }: { x: number; y: number; width: number; total: number },
): string {
  const letters = Math.floor((width - 8) / letter)
  const text = label.length <= letters ? label : shortened(name, letters)
  const shown =
    letters < 4 ? '' : `<text x="${round(x + 4)}" y="${y + 14}" fill="#222">${escapeXml(text)}</text>`
  const title = `${[name, file].filter(Boolean).join(', ')}: ${milliseconds(time)}, ${percent(time, total)}`
  const rect = `<rect x="${round(x)}" y="${y}" width="${round(Math.max(0.5, width - 0.6))}" height="${rowHeight - 1}" rx="2" fill="${colours[origin]}"/>`
  return `<g><title>${escapeXml(title)}</title>${rect}${shown}</g>`
}

function shortened(name: string, letters: number): string {
  return name.length <= letters ? name : `${name.slice(0, letters - 1)}…`
}

/** The name and the place; of a path of ours only its last part. */
function labelOf({ name, file, origin }: Stack): string {
  const place = origin === 'our code' ? file.split('/').at(-1) : file.replace(/^node:(?:internal\/)?/, '')
  return place ? `${name} · ${place}` : name
}

const round = (value: number) => Number(value.toFixed(1))
const seconds = (microseconds: number) => `${(microseconds / 1e6).toFixed(2)} s`
const milliseconds = (microseconds: number) => `${(microseconds / 1000).toFixed(1)} ms`
const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Which rooms a room may import from; files directly under src/ are rooms of their own. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  'image.ts': [],
  'option.ts': [],
  'redact.ts': [],
  'replace-file.ts': [],
  'package.ts': [],
  'lines.ts': [],
  'yaml-tokens.ts': [],
  'events.ts': ['errors.ts', 'image.ts'],
  catalog: ['lines.ts', 'yaml-tokens.ts', 'errors.ts', 'image.ts'],
  config: ['update', 'catalog', 'discovery', 'lines.ts', 'yaml-tokens.ts', 'errors.ts'],
  http: ['replace-file.ts', 'errors.ts'],
  discovery: ['http', 'replace-file.ts', 'errors.ts', 'image.ts'],
  transfer: ['http', 'stores', 'errors.ts', 'image.ts'],
  stores: ['option.ts', 'http', 'errors.ts', 'image.ts'],
  report: ['events.ts', 'replace-file.ts', 'errors.ts', 'image.ts'],
  run: [
    'catalog',
    'http',
    'transfer',
    'stores',
    'report',
    'events.ts',
    'errors.ts',
    'image.ts',
    'package.ts',
  ],
  prune: ['run', 'catalog', 'stores', 'report', 'events.ts', 'errors.ts', 'image.ts'],
  verify: [
    'run',
    'catalog',
    'discovery',
    'http',
    'transfer',
    'stores',
    'report',
    'events.ts',
    'errors.ts',
    'image.ts',
  ],
  mirror: ['run', 'catalog', 'discovery', 'http', 'stores', 'report', 'events.ts', 'errors.ts', 'image.ts'],
  update: ['run', 'catalog', 'http', 'discovery', 'stores', 'report', 'events.ts', 'errors.ts', 'image.ts'],
  page: ['report', 'errors.ts', 'image.ts'],
  hooks: ['http', 'report', 'errors.ts', 'package.ts'],
  propose: ['http', 'report', 'errors.ts', 'package.ts'],
  serve: [
    'hooks',
    'update',
    'page',
    'lifecycle',
    'run',
    'report',
    'stores',
    'catalog',
    'redact.ts',
    'events.ts',
    'errors.ts',
    'image.ts',
  ],
  list: ['catalog', 'run', 'report', 'image.ts'],
  diff: ['catalog', 'report', 'errors.ts'],
  init: ['package.ts', 'catalog', 'errors.ts', 'image.ts'],
  lifecycle: ['catalog', 'http', 'discovery', 'report', 'errors.ts', 'image.ts', 'package.ts'],
  validate: ['catalog', 'report', 'errors.ts', 'image.ts'],
  check: [
    'update',
    'run',
    'catalog',
    'http',
    'discovery',
    'lifecycle',
    'stores',
    'report',
    'events.ts',
    'errors.ts',
    'image.ts',
  ],
  'index.ts': [
    'check',
    'page',
    'config',
    'serve',
    'propose',
    'hooks',
    'update',
    'run',
    'lifecycle',
    'validate',
    'init',
    'diff',
    'list',
    'mirror',
    'prune',
    'verify',
    'report',
    'events.ts',
    'errors.ts',
    'image.ts',
  ],
  cli: [
    'index.ts',
    'list',
    'diff',
    'init',
    'lifecycle',
    'validate',
    'config',
    'redact.ts',
    'replace-file.ts',
    'report',
    'run',
    'check',
    'update',
    'verify',
    'prune',
    'catalog',
    'stores',
    'events.ts',
    'errors.ts',
    'image.ts',
    'package.ts',
  ],
}

/** Modules that decide and do nothing else: no I/O, no clock, no printing, no randomness. */
const pure = [
  'image.ts',
  'errors.ts',
  'option.ts',
  'catalog/parse.ts',
  'catalog/select.ts',
  'catalog/edit.ts',
  'catalog/diff.ts',
  'catalog/shard.ts',
  'catalog/switch.ts',
  'config/document.ts',
  'lifecycle/classify.ts',
  'lifecycle/end-of-life.ts',
  'lifecycle/products.ts',
  'lifecycle/snapshot.ts',
  'config/parse.ts',
  'discovery/natural-order.ts',
  'discovery/stamp.ts',
  'discovery/names.ts',
  'discovery/listing.ts',
  'discovery/checksum-file.ts',
  'discovery/pattern.ts',
  'discovery/documents.ts',
  'discovery/listing-formats.ts',
  'discovery/pointer-file.ts',
  'discovery/debian-build.ts',
  'stores/naming.ts',
  'update/plan.ts',
  'verify/judge.ts',
  'prune/plan.ts',
  'report/text.ts',
  'report/json.ts',
  'redact.ts',
  'serve/progress.ts',
  'report/validate.ts',
  'catalog/definitions.ts',
  'diff/compare.ts',
  'report/diff.ts',
  'report/lifecycle.ts',
  'report/list.ts',
  'report/markdown.ts',
  'report/table.ts',
  'validate/inspect.ts',
  'validate/judge-catalogue.ts',
  'validate/judge-image.ts',
  'validate/judge-version.ts',
  'validate/schema.ts',
  'validate/shape.ts',
  'validate/url.ts',
  'validate/value.ts',
  'page/html.ts',
  'page/days.ts',
  'page/facts.ts',
  'page/catalogue.ts',
  'page/timeline.ts',
  'page/overview.ts',
  'report/check.ts',
  'report/check-json.ts',
  'report/check-text.ts',
  'report/check-words.ts',
  'report/junit.ts',
  'report/run-markdown.ts',
  'report/metrics.ts',
]

/** Whether `import` gets a CommonJS module of this package, and the bundle too. */
function isCommonJs(name: string): boolean {
  const { type, module, exports } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'))
  return type !== 'module' && module === undefined && exports?.['.']?.import === undefined
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.m?ts$|\.mjs$/.test(path))
  .map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }))

function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target = '']) =>
    normalize(join(dirname(path), target)),
  )
}

/** Without imports and exports of types, of which nothing is left when it runs. */
function loadedText(path: string): string {
  const text = sources.find((source) => source.path === path)?.text ?? ''
  return text.replaceAll(/^(?:import|export) type [^;]*?from '[^']+'$/gms, '')
}

/** What is there at once where a module is imported: modules of ours, and packages. */
function loadedFrom(first: string): { readonly modules: string[]; readonly packages: string[] } {
  const modules = new Set<string>()
  const packages: string[] = []
  const visit = (path: string) => {
    if (modules.has(path)) return
    modules.add(path)
    for (const [, target = ''] of loadedText(path).matchAll(/\bfrom '([^']+)'/g)) {
      if (target.startsWith('.')) visit(normalize(join(dirname(path), target)))
      else if (!target.startsWith('node:')) packages.push(target)
    }
  }
  visit(first)
  return { modules: [...modules], packages }
}

const roomOf = (path: string) => path.split('/')[0] ?? path

describe('the rooms of src/', () => {
  it.each(sources)('$path imports only from rooms it may know', ({ path, text }) => {
    const room = roomOf(path)
    const allowed = doors[room]
    expect(allowed, `src/${room} has no row in this test`).toBeDefined()
    const strangers = importsOf(path, text).filter(
      (target) => roomOf(target) !== room && !allowed?.includes(roomOf(target)),
    )
    expect(strangers).toEqual([])
  })

  it('imports go in no circle', () => {
    const graph = new Map(sources.map(({ path, text }) => [path, importsOf(path, text)]))
    const finished = new Set<string>()
    const circles: string[][] = []
    const visit = (path: string, way: readonly string[]) => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path])
      else if (!finished.has(path)) {
        for (const target of graph.get(path) ?? []) visit(target, [...way, path])
        finished.add(path)
      }
    }
    for (const path of graph.keys()) visit(path, [])
    expect(circles).toEqual([])
  })

  it('the library loads a use-case, and every package, only when it is needed', () => {
    const loaded = loadedFrom('index.ts')
    expect(loaded.modules).toContain('validate/validate.ts')
    const rooms = new Set(loaded.modules.map(roomOf))
    expect(['http', 'report', 'run', 'stores', 'transfer'].filter((room) => rooms.has(room))).toEqual([])
    expect(new Set(loaded.packages)).toEqual(new Set(['yaml', 'diff']))
    expect(loaded.modules.filter((path) => /(?:run|render|service)\.ts$/.test(path))).toEqual([
      'hooks/run.ts',
    ])
  })

  it('the command line loads the library, and all packages but one, only when a command acts', () => {
    const loaded = loadedFrom('cli/main.ts')
    expect(new Set(loaded.packages)).toEqual(new Set(['commander']))
    expect(loaded.modules).not.toContain('index.ts')
    expect(loaded.modules.filter((path) => path.endsWith('-action.ts'))).toEqual([])
  })

  it('a CommonJS package that is imported late is used by its default, the only name that the bundle gives it', () => {
    const late = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/(?<!typeof )\bimport\('([^.'](?!ode:)[^']*)'\)(.*)/g)].map(
        ([, name = '', rest = '']) => {
          return { path, name, rest }
        },
      ),
    )
    expect(late.map(({ name }) => name)).toContain('openpgp')
    expect(late.filter(({ name, rest }) => isCommonJs(name) && !rest.includes('.default'))).toEqual([])
  })

  it.each(pure)('%s does no I/O and reads no clock', (path) => {
    const text = readFileSync(join('src', path), 'utf8')
    expect(text).not.toMatch(/from 'node:(?!path|url|util|buffer)/)
    expect(text).not.toMatch(/\bDate\.now\(|new Date\(\)|Math\.random|\bprocess\.|\bconsole\.|\bfetch\(/)
  })
})

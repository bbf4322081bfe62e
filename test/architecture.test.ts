import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * The floors of the house, from the first up: a room imports what is below, and types from its own floor too. Files
 * directly under src/ are the ground, but for the library itself and the table of options; they import each other.
 */
const floors: readonly (readonly string[])[] = [
  ['catalog', 'http'],
  ['discovery', 'transfer', 'stores', 'cloud', 'report'],
  ['options.ts'],
  ['run', 'lifecycle', 'page'],
  [
    'update',
    'check',
    'mirror',
    'publish',
    'verify',
    'prune',
    'validate',
    'list',
    'diff',
    'init',
    'propose',
    'hooks',
  ],
  ['way'],
  ['serve', 'config'],
  ['index.ts'],
  ['cli'],
]

/**
 * Rooms that decide: their files do no I/O, read no clock, print nothing and know no randomness, but for the files
 * named here, which carry out what the room decides.
 */
const deciding: Readonly<Record<string, readonly string[]>> = {
  catalog: ['attributes.ts', 'lock.ts', 'place.ts', 'read.ts', 'write.ts'],
  check: [],
  cloud: ['api.ts', 'cloud-files.ts', 'glance.ts', 'keystone.ts', 'login.ts', 'token.ts', 'upload.ts'],
  discovery: [
    'find-newest.ts',
    'signatures/failures.ts',
    'signatures/key-servers.ts',
    'signatures/keys.ts',
    'signatures/public-keys.ts',
    'signatures/verify.ts',
    'signatures/version3.ts',
  ],
  lifecycle: ['lifecycle.ts'],
  list: [],
  mirror: [],
  page: ['page.ts'],
  prune: [],
  report: ['file.ts'],
  update: [],
  validate: ['recorded.ts', 'validate.ts'],
  verify: ['ask.ts'],
}

/** Whether `import` gets a CommonJS module of this package, and the bundle too. */
function isCommonJs(name: string): boolean {
  const { type, module, exports } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'))
  return type !== 'module' && module === undefined && exports?.['.']?.import === undefined
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.m?ts$|\.mjs$/.test(path))
  .map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }))

/** A name that is put together when it runs (`./commands/${name}.ts`) stands for every file that it can be. */
function importsOf(path: string, text: string): string[] {
  const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*(['`])(\.[^'`]+)\1/g)].map(([, , target = '']) =>
    normalize(join(dirname(path), target)),
  )
  return targets.flatMap((target) => {
    const [before, after] = target.split(/\$\{[^}]*\}/)
    if (before === undefined || after === undefined) return target
    return sources.map(({ path }) => path).filter((one) => one.startsWith(before) && one.endsWith(after))
  })
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

/** 0: the ground. */
function floorOf(path: string): number {
  const room = roomOf(path)
  const floor = floors.findIndex((rooms) => rooms.includes(room)) + 1
  return floor || (room.includes('.') ? 0 : Number.NaN)
}

describe('the rooms of src/', () => {
  it.each(sources)('$path imports only from its own room and from below', ({ path, text }) => {
    const [room, floor] = [roomOf(path), floorOf(path)]
    expect(floor, `src/${room} is on no floor of this test`).not.toBeNaN()
    const strangers = (targets: readonly string[], mayBe: (floor: number) => boolean) =>
      targets.filter((target) => roomOf(target) !== room && !mayBe(floorOf(target)))
    const isGround = (other: number) => floor === 0 && other === 0
    const loaded = importsOf(path, loadedText(path))
    expect(strangers(loaded, (other) => other < floor || isGround(other))).toEqual([])
    expect(strangers(importsOf(path, text), (other) => other <= floor)).toEqual([])
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

  it('the library loads a package that only some runs need when one needs it', () => {
    const { packages } = loadedFrom('index.ts')
    const late = ['zod', 'openpgp', 're2js', 'htmlparser2', 'fast-xml-parser', '@smithy/signature-v4']
    expect(late.filter((name) => packages.includes(name))).toEqual([])
  })

  it('the command line loads the library, and all packages but one, only when a command acts', () => {
    const loaded = loadedFrom('cli/main.ts')
    expect(new Set(loaded.packages)).toEqual(new Set(['commander']))
    expect(loaded.modules).not.toContain('index.ts')
    expect(loaded.modules.filter((path) => path.startsWith('cli/commands/'))).toEqual([])
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

  const pure = sources.filter(({ path }) => {
    const room = roomOf(path)
    return (
      path.endsWith('.ts') &&
      deciding[room] !== undefined &&
      !deciding[room].includes(path.slice(room.length + 1))
    )
  })
  it.each(pure)('$path does no I/O and reads no clock', ({ text }) => {
    expect(text).not.toMatch(/from 'node:(?!path|url|util|buffer)/)
    expect(text).not.toMatch(/\bDate\.now\(|new Date\(\)|Math\.random|\bprocess\.|\bconsole\.|\bfetch\(/)
  })
})

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What Node writes with `--cpu-prof`. */
export interface Profile {
  readonly nodes: readonly ProfileNode[]
  /** Ids of nodes. */
  readonly samples: readonly number[]
  /** Microseconds from one sample to the next. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

export type Origin = 'our code' | 'packages' | 'Node' | 'garbage collection'

/** A function, called by the functions above it. Those of one name and file are one. */
export interface Stack {
  readonly name: string
  /** `src/…`, the name of a package, `node:…`; `dist/command` is what the bundler adds; empty: none is told. */
  readonly file: string
  readonly origin: Origin
  /** Microseconds in the function itself. */
  self: number
  /** Microseconds with all that it calls. */
  total: number
  readonly callees: Map<string, Stack>
}

export interface Stacks {
  readonly root: Stack
  /** Microseconds in which there was nothing to do. */
  readonly idle: number
}

export function readStacks({ nodes, samples, timeDeltas }: Profile): Stacks {
  const times = new Map<number, number>()
  for (const [index, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[index + 1] ?? 0))
  }
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const root = stackOf('main thread', '', 'Node')
  let idle = 0

  function add(id: number, caller: Stack): number {
    const node = byId.get(id)
    const time = times.get(id) ?? 0
    if (node === undefined) return 0
    if (node.callFrame.functionName === '(idle)') {
      idle += time
      return 0
    }
    const stack = calleeOf(caller, node)
    stack.self += time
    const total = (node.children ?? []).reduce((sum, child) => sum + add(child, stack), time)
    stack.total += total
    return total
  }
  for (const id of nodes[0]?.children ?? []) root.total += add(id, root)
  return { root, idle }
}

function stackOf(name: string, file: string, origin: Origin): Stack {
  return { name, file, origin, self: 0, total: 0, callees: new Map() }
}

function calleeOf({ callees }: Stack, { callFrame }: ProfileNode): Stack {
  const { functionName, url, lineNumber } = callFrame
  const file = url.startsWith('file:') ? sourceOf(fileURLToPath(url), lineNumber) : url
  const name = functionName || '(anonymous)'
  const key = `${name} ${file}`
  const known = callees.get(key) ?? stackOf(name, file, originOf(name, file))
  callees.set(key, known)
  return known
}

function originOf(name: string, file: string): Origin {
  if (name === '(garbage collector)') return 'garbage collection'
  if (file.startsWith('src/') || file === 'dist/command') return 'our code'
  return file === '' || file.startsWith('node:') ? 'Node' : 'packages'
}

const texts = new Map<string, readonly string[]>()

/**
 * Where a line of the built command comes from. Above each file that the bundler has put into another one
 * stands its path.
 */
function sourceOf(path: string, line: number): string {
  const inPackage = packageOf(path)
  if (inPackage !== undefined) return inPackage
  const lines = texts.get(path) ?? readFileSync(path, 'utf8').split('\n')
  texts.set(path, lines)
  for (let at = line; at >= 0; at--) {
    const [, source] = /^\/\/ ((?:src|node_modules)\/\S+)$/.exec(lines[at] ?? '') ?? []
    if (source !== undefined) return packageOf(source) ?? source
  }
  return 'dist/command'
}

function packageOf(path: string): string | undefined {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]
}

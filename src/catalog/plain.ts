import type { ParsedNode, Scalar } from 'yaml'

/**
 * Reads the YAML that catalogues are written in, twenty times as fast as a parser of all of YAML: block
 * mappings and sequences indented by spaces, keys of letters, digits, `_` and `-`, and values on one line:
 * plain ones of harmless characters, quoted ones without escapes, and `[]`. `undefined` where anything
 * else stands (comments, anchors, tags, other flow collections, values over several lines, errors): that is
 * for the whole parser to judge. The nodes are those that it makes of the same text, with the same ranges.
 */
export function readPlain(text: string): ParsedNode | undefined {
  try {
    return new PlainReader(text).read()
  } catch (thrown) {
    if (thrown === notPlain) return undefined
    throw thrown
  }
}

const notPlain = Symbol('the text holds more than plain YAML')

function giveUp(): never {
  throw notPlain
}

const nodeType = Symbol.for('yaml.node.type')

type Range = readonly [number, number, number]

/** What `isScalar` of `yaml` takes for a scalar; three numbers instead of an array save half of the memory. */
class PlainScalar {
  declare readonly anchor: undefined
  declare readonly tag: undefined
  readonly value: string
  readonly type: Scalar.Type
  readonly #start: number
  readonly #end: number
  readonly #nodeEnd: number

  constructor(value: string, type: Scalar.Type, start: number, end: number, nodeEnd: number) {
    this.value = value
    this.type = type
    this.#start = start
    this.#end = end
    this.#nodeEnd = nodeEnd
  }

  get range(): Range {
    return [this.#start, this.#end, this.#nodeEnd]
  }
}

/** A key is made whenever it is looked at: most of what is kept would be keys. */
class PlainPair {
  readonly value: PlainNode
  readonly #name: string
  readonly #start: number

  constructor(name: string, start: number, value: PlainNode) {
    this.#name = name
    this.#start = start
    this.value = value
  }

  get key(): PlainScalar {
    const end = this.#start + this.#name.length
    return new PlainScalar(this.#name, 'PLAIN', this.#start, end, end)
  }
}

class PlainCollection<Item> {
  declare readonly anchor: undefined
  declare readonly tag: undefined
  readonly items: Item[]
  readonly flow: true | undefined
  readonly range: Range

  constructor(items: Item[], range: Range, flow?: true) {
    this.items = items
    this.range = range
    this.flow = flow
  }
}

class PlainMap extends PlainCollection<PlainPair> {}
class PlainSeq extends PlainCollection<PlainNode> {}

type PlainNode = PlainScalar | PlainMap | PlainSeq

Object.defineProperty(PlainScalar.prototype, nodeType, { value: Symbol.for('yaml.scalar') })
Object.defineProperty(PlainMap.prototype, nodeType, { value: Symbol.for('yaml.map') })
Object.defineProperty(PlainSeq.prototype, nodeType, { value: Symbol.for('yaml.seq') })

/** What a character may be part of. */
const inKey = 1
const beginsKey = 2
const inPlain = 4
const beginsPlain = 8
const classes = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_') {
  classes[character.charCodeAt(0)] = inKey | beginsKey | inPlain | beginsPlain
}
for (const character of '0123456789') classes[character.charCodeAt(0)] = inKey | inPlain | beginsPlain
for (const character of './+~') classes[character.charCodeAt(0)] = inPlain | beginsPlain
for (const character of ':=%@()$\\*?[]{},^|&!;<>') classes[character.charCodeAt(0)] = inPlain
classes[45 /* - */] = inKey | inPlain

const [feed, space, dash, colon, single, double] = [10, 32, 45, 58, 39, 34]
const [opening, closing, backslash] = [91, 93, 92]

/** Collections within collections. */
const maximumDepth = 20

/** YAML has a limit of 1024 characters. */
const longestKey = 1000

/** Recursive descent over lines; the fields describe the line that is next. */
class PlainReader {
  readonly #text: string
  /** Where the line after this one begins. */
  #next = 0
  /** Column of the first character that is no space; -1 at the end of the text. */
  #indent = -1
  /** Offset of a dash before the content, or -1. */
  #dash = -1
  /** Offset and column of the content: behind the dash, where there is one. */
  #content = 0
  #column = 0
  /** Offset behind the key, or -1 where the line has none. */
  #keyEnd = -1
  /** The scalar (or `[]`) of the line, if it holds one. */
  #value: PlainNode | undefined

  constructor(text: string) {
    this.#text = text
  }

  read(): ParsedNode {
    if (this.#text.startsWith('---\n')) this.#next = 4
    this.#advance()
    const root = this.#isKeyIn(0) ? this.#mapping(0, 0) : giveUp()
    if (!this.#isAtEnd()) giveUp()
    return root as unknown as ParsedNode
  }

  #isAtEnd(): boolean {
    return this.#indent === -1
  }

  #isKeyIn(column: number): boolean {
    return this.#indent === column && this.#dash === -1
  }

  /** A mapping whose first key stands on the present line, and whose keys stand in `column`. */
  #mapping(column: number, depth: number): PlainMap {
    if (depth > maximumDepth) giveUp()
    const start = this.#content
    const pairs: PlainPair[] = []
    const names = new Set<string>()
    let end = start
    do {
      if (this.#keyEnd === -1) giveUp()
      const from = this.#content
      const name = this.#text.slice(from, this.#keyEnd)
      if (names.has(name)) giveUp()
      names.add(name)
      const value = this.#valueOf(column, depth)
      pairs.push(new PlainPair(name, from, value))
      end = value.range[2]
    } while (this.#isKeyIn(column))
    return new PlainMap(pairs, [start, end, end])
  }

  /** The value of the key on the present line; the line after the value is the present one then. */
  #valueOf(column: number, depth: number): PlainNode {
    const value = this.#value
    const lineEnd = this.#next - 1
    this.#advance()
    if (value !== undefined) return this.#alone(value, column)
    if (this.#dash !== -1 && this.#indent >= column) return this.#sequence(this.#indent, depth + 1)
    if (this.#indent <= column) return new PlainScalar('', 'PLAIN', lineEnd, lineEnd, lineEnd)
    if (this.#keyEnd !== -1) return this.#mapping(this.#indent, depth + 1)
    const folded = this.#value ?? giveUp()
    this.#advance()
    return this.#alone(folded, column)
  }

  #sequence(indent: number, depth: number): PlainSeq {
    if (depth > maximumDepth) giveUp()
    const start = this.#dash
    const items: PlainNode[] = []
    let end = start
    while (this.#indent === indent && this.#dash !== -1) {
      const item = this.#item(indent, depth)
      items.push(item)
      end = item.range[2]
    }
    return new PlainSeq(items, [start, end, end])
  }

  #item(indent: number, depth: number): PlainNode {
    if (this.#keyEnd !== -1) {
      const column = this.#column
      // The following keys stand in lines of their own, without a dash.
      this.#dash = -1
      return this.#mapping(column, depth + 1)
    }
    const value = this.#value ?? giveUp()
    this.#advance()
    return this.#alone(value, indent)
  }

  /** A value that the present line, being further in, would go on with is none of ours. */
  #alone(value: PlainNode, column: number): PlainNode {
    return this.#indent > column ? giveUp() : value
  }

  /** Looks at the next line that is not blank. */
  #advance(): void {
    const text = this.#text
    let at = this.#next
    let line: number
    do {
      line = at
      while (text.charCodeAt(at) === space) at += 1
    } while (text.charCodeAt(at) === feed && ++at)
    this.#dash = -1
    this.#keyEnd = -1
    this.#value = undefined
    this.#indent = at - line
    if (at >= text.length) {
      if (at > line) giveUp()
      this.#indent = -1
      this.#next = at
      return
    }
    if (text.charCodeAt(at) === dash && text.charCodeAt(at + 1) === space) {
      this.#dash = at
      do at += 1
      while (text.charCodeAt(at) === space)
    }
    this.#content = at
    this.#column = at - line
    const keyEnd = this.#endOfKey(at)
    if (keyEnd === -1) {
      this.#readValue(at)
      return
    }
    this.#keyEnd = keyEnd
    at = keyEnd + 1
    while (text.charCodeAt(at) === space) at += 1
    if (text.charCodeAt(at) === feed) this.#next = at + 1
    else this.#readValue(at)
  }

  /** The offset of the colon behind a key, or -1. */
  #endOfKey(start: number): number {
    const text = this.#text
    let at = start
    if (((classes[text.charCodeAt(at)] ?? 0) & beginsKey) === 0) return -1
    do at += 1
    while (((classes[text.charCodeAt(at)] ?? 0) & inKey) !== 0)
    if (text.charCodeAt(at) !== colon || at - start > longestKey) return -1
    const after = text.charCodeAt(at + 1)
    return after === space || after === feed ? at : -1
  }

  /** Reads a value up to the end of its line. */
  #readValue(start: number): void {
    const first = this.#text.charCodeAt(start)
    if (first === single || first === double) this.#value = this.#quoted(start, first)
    else if (first === opening) {
      if (this.#text.charCodeAt(start + 1) !== closing) giveUp()
      this.#value = new PlainSeq([], [start, start + 2, this.#endOfLine(start + 2)], true)
    } else {
      const end = this.#endOfPlain(start)
      const next = this.#endOfLine(end)
      this.#value = new PlainScalar(this.#text.slice(start, end), 'PLAIN', start, end, next)
    }
  }

  #quoted(start: number, quote: number): PlainScalar {
    const text = this.#text
    let at = start + 1
    for (let code = text.charCodeAt(at); code !== quote; code = text.charCodeAt(++at)) {
      if (code === feed || code === backslash || code < space || Number.isNaN(code)) giveUp()
    }
    const type = quote === single ? 'QUOTE_SINGLE' : 'QUOTE_DOUBLE'
    return new PlainScalar(text.slice(start + 1, at), type, start, at + 1, this.#endOfLine(at + 1))
  }

  /** Words of harmless characters with single spaces between them; a colon is never the last of a word. */
  #endOfPlain(start: number): number {
    const text = this.#text
    let at = start
    if (((classes[text.charCodeAt(at)] ?? 0) & beginsPlain) === 0) giveUp()
    for (;;) {
      while (((classes[text.charCodeAt(at)] ?? 0) & inPlain) !== 0) at += 1
      if (text.charCodeAt(at - 1) === colon) giveUp()
      if (text.charCodeAt(at) !== space) return at
      if (((classes[text.charCodeAt(at + 1)] ?? 0) & inPlain) === 0) return at
      at += 1
    }
  }

  /** Where the next line begins; nothing but spaces stands in between. */
  #endOfLine(start: number): number {
    let at = start
    while (this.#text.charCodeAt(at) === space) at += 1
    if (this.#text.charCodeAt(at) !== feed) giveUp()
    this.#next = at + 1
    return at + 1
  }
}

import type { ParsedNode, Scalar } from 'yaml'
import { lineEnd, nextLine } from './splice.ts'

/**
 * Reads the YAML that catalogues are written in, twenty times as fast as a parser of all of YAML: block
 * mappings and sequences indented by spaces, keys of letters, digits, `_` and `-`, comments, and values on
 * one line: plain ones of harmless characters, quoted ones without backslashes, `[]` and `{}`. `undefined`
 * where anything else stands (anchors, tags, other flow collections, values over several lines, errors):
 * that is for the whole parser to judge. The nodes are those that it makes of the same text, with the same
 * ranges; they do not tell their comments.
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

/** Three numbers instead of an array save memory, and so does what is made when it is asked for. */
class PlainScalar {
  declare readonly anchor: undefined
  declare readonly tag: undefined
  readonly text: string
  readonly start: number
  readonly end: number
  /** Behind the spaces, comments and line breaks that belong to the node. */
  nodeEnd: number

  /** @param text of the whole file */
  constructor(text: string, start: number, end: number, nodeEnd: number) {
    this.text = text
    this.start = start
    this.end = end
    this.nodeEnd = nodeEnd
  }

  get range(): Range {
    return [this.start, this.end, this.nodeEnd]
  }

  get type(): Scalar.Type {
    const first = this.text.charCodeAt(this.start)
    if (first === double) return 'QUOTE_DOUBLE'
    return first === single ? 'QUOTE_SINGLE' : 'PLAIN'
  }

  get value(): string {
    const { type } = this
    if (type === 'PLAIN') return this.text.slice(this.start, this.end)
    const value = this.text.slice(this.start + 1, this.end - 1)
    return type === 'QUOTE_SINGLE' ? value.replaceAll("''", "'") : value
  }
}

class PlainKey {
  declare readonly anchor: undefined
  declare readonly tag: undefined
  readonly value: string
  readonly #start: number

  constructor(value: string, start: number) {
    this.value = value
    this.#start = start
  }

  get type(): Scalar.Type {
    return 'PLAIN'
  }

  get range(): Range {
    const end = this.#start + this.value.length
    return [this.#start, end, end]
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

  get key(): PlainKey {
    return new PlainKey(this.#name, this.#start)
  }
}

/** And so is a scalar. */
class ScalarPair {
  readonly #name: string
  readonly #start: number
  readonly #text: string
  readonly #valueStart: number
  readonly #valueEnd: number
  readonly #nodeEnd: number

  constructor(name: string, start: number, value: PlainScalar) {
    this.#name = name
    this.#start = start
    this.#text = value.text
    this.#valueStart = value.start
    this.#valueEnd = value.end
    this.#nodeEnd = value.nodeEnd
  }

  get key(): PlainKey {
    return new PlainKey(this.#name, this.#start)
  }

  get value(): PlainScalar {
    return new PlainScalar(this.#text, this.#valueStart, this.#valueEnd, this.#nodeEnd)
  }
}

class PlainCollection<Item> {
  declare readonly anchor: undefined
  declare readonly tag: undefined
  readonly items: Item[]
  readonly flow: true | undefined
  readonly #start: number
  readonly #end: number
  nodeEnd: number

  constructor(items: Item[], start: number, end: number, nodeEnd: number, flow?: true) {
    this.items = items
    this.flow = flow
    this.#start = start
    this.#end = end
    this.nodeEnd = nodeEnd
  }

  get range(): Range {
    return [this.#start, this.#end, this.nodeEnd]
  }
}

class PlainMap extends PlainCollection<PlainPair | ScalarPair> {}
class PlainSeq extends PlainCollection<PlainNode> {}

type PlainNode = PlainScalar | PlainMap | PlainSeq

Object.defineProperty(PlainKey.prototype, nodeType, { value: Symbol.for('yaml.scalar') })
Object.defineProperty(PlainScalar.prototype, nodeType, { value: Symbol.for('yaml.scalar') })
Object.defineProperty(PlainMap.prototype, nodeType, { value: Symbol.for('yaml.map') })
Object.defineProperty(PlainSeq.prototype, nodeType, { value: Symbol.for('yaml.seq') })

/** What a character may be part of. */
const inKey = 1
const beginsKey = 2
const inPlain = 4
const beginsPlain = 8
const classes = new Uint8Array(65_536).fill(inPlain | beginsPlain, 128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_') {
  classes[character.charCodeAt(0)] = inKey | beginsKey | inPlain | beginsPlain
}
for (const character of '0123456789') classes[character.charCodeAt(0)] = inKey | inPlain | beginsPlain
for (const character of './+~') classes[character.charCodeAt(0)] = inPlain | beginsPlain
for (const character of ':=%@()$\\*?[]{},^|&!;<>') classes[character.charCodeAt(0)] = inPlain
classes[45 /* - */] = inKey | inPlain

const [feed, carriage, space, hash, dash, colon, single, double] = [10, 13, 32, 35, 45, 58, 39, 34]
const [backslash, byteOrderMark] = [92, 0xfeff]

/** Collections within collections. */
const maximumDepth = 20

/** YAML has a limit of 1024 characters. */
const longestKey = 1000

/** A key, of which one string is kept for all; and the last mapping at each depth that has it. */
interface Name {
  readonly text: string
  readonly mappings: number[]
}

/** A whole line; `next`: offset of the line after it. */
interface Comment {
  readonly column: number
  readonly start: number
  readonly next: number
}

/** Recursive descent over lines; the fields describe the line that is next. */
class PlainReader {
  readonly #text: string
  readonly #names = new Map<string, Name>()
  #mappings = 0
  /** Of all collections that are being read: what is cut off there in the end takes no room for more. */
  readonly #pairs: (PlainPair | ScalarPair)[] = []
  readonly #items: PlainNode[] = []
  /** Where the line after this one begins. */
  #next = 0
  /** Comments above that belong to nothing yet. */
  #comments: Comment[] = []
  /** Offset and column of the first character that is no space; column -1 at the end of the text. */
  #first = 0
  #indent = -1
  /** Offset of a dash before the content, or -1. */
  #dash = -1
  /** Offset and column of the content: behind the dash, where there is one. */
  #content = 0
  #column = 0
  /** Offset behind the key, or -1 where the line has none. */
  #keyEnd = -1
  /** The scalar (or `[]`, `{}`) of the line, if it holds one. */
  #value: PlainNode | undefined

  constructor(text: string) {
    this.#text = text
    this.#next = text.charCodeAt(0) === byteOrderMark ? 1 : 0
  }

  read(): ParsedNode {
    this.#skip()
    if (this.#indent === 0 && this.#text.startsWith('---', this.#first)) {
      this.#next = this.#endOfLine(this.#first + 3)
    }
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
    this.#mappings += 1
    const number = this.#mappings
    const start = this.#content
    const first = this.#pairs.length
    let end = start
    do {
      if (this.#keyEnd === -1) giveUp()
      const from = this.#content
      const name = this.#name(number, depth)
      const value = this.#valueOf(column, depth)
      this.#pairs.push(
        value instanceof PlainScalar ? new ScalarPair(name, from, value) : new PlainPair(name, from, value),
      )
      end = value.nodeEnd
    } while (this.#isKeyIn(column))
    return new PlainMap(this.#pairs.splice(first), start, end, this.#closedAt(column, end))
  }

  /** The key on the present line. One that stands twice in a mapping is for the whole parser to tell. */
  #name(mapping: number, depth: number): string {
    const text = this.#text.slice(this.#content, this.#keyEnd)
    let name = this.#names.get(text)
    if (name === undefined) {
      name = { text, mappings: [] }
      this.#names.set(text, name)
    }
    if (name.mappings[depth] === mapping) giveUp()
    name.mappings[depth] = mapping
    return name.text
  }

  /** The value of the key on the present line; the line after the value is the present one then. */
  #valueOf(column: number, depth: number): PlainNode {
    const value = this.#value
    const behindColon = this.#keyEnd + 1
    this.#advance()
    if (value !== undefined) return this.#alone(value, column)
    if (this.#dash !== -1 && this.#indent >= column) return this.#sequence(this.#indent, depth + 1)
    if (this.#indent <= column) return this.#emptyValue(behindColon, column)
    if (this.#keyEnd !== -1) return this.#mapping(this.#indent, depth + 1)
    // The whole parser is at odds with itself where a comment stands before a value.
    if (this.#comments.length > 0) giveUp()
    const folded = this.#value ?? giveUp()
    this.#advance()
    return this.#alone(folded, column)
  }

  #sequence(indent: number, depth: number): PlainSeq {
    if (depth > maximumDepth) giveUp()
    const start = this.#dash
    const first = this.#items.length
    let end = start
    while (this.#indent === indent && this.#dash !== -1) {
      const item = this.#item(indent, depth)
      this.#items.push(item)
      end = item.nodeEnd
    }
    return new PlainSeq(this.#items.splice(first), start, end, this.#closedAt(indent, end))
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
    if (this.#indent > column) giveUp()
    if (this.#comments.length > 0) this.#giveComments(value, column)
    return value
  }

  /** Comments below a value that are further in than its collection are the value's. */
  #giveComments(value: PlainNode, column: number): void {
    const others = this.#comments.findIndex((comment) => comment.column <= column)
    const own = this.#comments.splice(0, others === -1 ? this.#comments.length : others)
    value.nodeEnd = own.at(-1)?.next ?? value.nodeEnd
  }

  /** It stands behind the spaces after its colon. Comments before the next line are its own, mostly. */
  #emptyValue(behindColon: number, column: number): PlainScalar {
    const text = this.#text
    let start = behindColon
    while (text.charCodeAt(start) === space) start += 1
    let end = this.#first
    if (this.#isKeyIn(column)) {
      // What comes after the line below the last comment that is further in is the next key's.
      const line =
        this.#comments.findLast((comment) => comment.column > column)?.next ?? nextLine(text, start)
      if (line < this.#first - this.#indent) end = lineEnd(text, line)
    }
    const isCommented =
      text.charCodeAt(start) === hash || this.#comments.some((comment) => comment.start < end)
    this.#comments = []
    return new PlainScalar(text, start, start, isCommented ? end : start)
  }

  /** Where a collection ends that the present line is no part of: one of the comments above may be. */
  #closedAt(column: number, end: number): number {
    if (column === 0 || !this.#comments.some((comment) => comment.column >= column)) return end
    this.#comments = []
    return this.#first
  }

  /** Looks at the next line that is neither blank nor a comment. */
  #advance(): void {
    this.#skip()
    const text = this.#text
    let at = this.#first
    this.#dash = -1
    this.#keyEnd = -1
    this.#value = undefined
    if (at >= text.length) {
      this.#indent = -1
      this.#next = at
      return
    }
    const lineStart = at - this.#indent
    if (text.charCodeAt(at) === dash && text.charCodeAt(at + 1) === space) {
      this.#dash = at
      do at += 1
      while (text.charCodeAt(at) === space)
    }
    this.#content = at
    this.#column = at - lineStart
    const keyEnd = this.#endOfKey(at)
    if (keyEnd === -1) {
      this.#readValue(at)
      return
    }
    this.#keyEnd = keyEnd
    at = keyEnd + 1
    while (text.charCodeAt(at) === space) at += 1
    const next = this.#lineAfter(at)
    if (next === -1) this.#readValue(at)
    else this.#next = next
  }

  /** Goes past blank lines and comments, to the first character that is neither. */
  #skip(): void {
    const text = this.#text
    if (this.#comments.length > 0) this.#comments = []
    let at = this.#next
    for (;;) {
      const line = at
      while (text.charCodeAt(at) === space) at += 1
      const code = text.charCodeAt(at)
      if (code === feed) at += 1
      else if (code === carriage && text.charCodeAt(at + 1) === feed) at += 2
      else if (code === hash) {
        const start = at
        at = nextLine(text, start)
        this.#comments.push({ column: start - line, start, next: at })
      } else {
        this.#first = at
        this.#indent = at - line
        return
      }
    }
  }

  /** The offset of the colon behind a key, or -1. */
  #endOfKey(start: number): number {
    const text = this.#text
    let at = start
    if (((classes[text.charCodeAt(at)] ?? 0) & beginsKey) === 0) return -1
    do at += 1
    while (((classes[text.charCodeAt(at)] ?? 0) & inKey) !== 0)
    if (text.charCodeAt(at) !== colon || at - start > longestKey) return -1
    return text.charCodeAt(at + 1) > space ? -1 : at
  }

  /** Reads a value up to the end of its line. */
  #readValue(start: number): void {
    const text = this.#text
    const first = text.charCodeAt(start)
    if (first === single || first === double) this.#value = this.#quoted(start, first)
    else if (text.startsWith('[]', start)) {
      this.#value = new PlainSeq([], start, start + 2, this.#endOfLine(start + 2), true)
    } else if (text.startsWith('{}', start)) {
      this.#value = new PlainMap([], start, start + 2, this.#endOfLine(start + 2), true)
    } else {
      const end = this.#endOfPlain(start)
      this.#value = new PlainScalar(text, start, end, this.#endOfLine(end))
    }
  }

  #quoted(start: number, quote: number): PlainScalar {
    const text = this.#text
    let at = start + 1
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === quote) {
        if (quote === double || text.charCodeAt(at + 1) !== single) break
        at += 1
      } else if ((code === backslash && quote === double) || !(code >= space)) giveUp()
      at += 1
    }
    return new PlainScalar(text, start, at + 1, this.#endOfLine(at + 1))
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

  #endOfLine(start: number): number {
    const next = this.#lineAfter(start)
    if (next === -1) giveUp()
    this.#next = next
    return next
  }

  /** Where the next line begins, if nothing but spaces and a comment stands in between; -1 otherwise. */
  #lineAfter(start: number): number {
    const text = this.#text
    let at = start
    while (text.charCodeAt(at) === space) at += 1
    const code = text.charCodeAt(at)
    if (code === feed) return at + 1
    if (at >= text.length) return at
    if (code === hash && text.charCodeAt(at - 1) === space) return nextLine(text, at)
    return code === carriage && text.charCodeAt(at + 1) === feed ? at + 2 : -1
  }
}

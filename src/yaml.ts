import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  Lexer,
  LineCounter,
  type ParseOptions,
  Parser,
  type SchemaOptions,
} from 'yaml'
import type { Place } from './errors.ts'

/** Collections within collections. Real files have 6; deeper ones could exhaust the stack of their reader. */
const maximumDepth = 100

/** Characters. The lexer looks for the end of the line at each token: the time grows with the square of a line's length. */
const longestLine = 65_536

/** Where the first line begins that is longer than YAML is read with, or undefined if none is. */
function findLongLine(text: string): number | undefined {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    if ((end === -1 ? text.length : end) - start > longestLine) return start
    if (end === -1) return undefined
    start = end + 1
  }
  return undefined
}

/** Words and signs of a file. A catalogue of 5000 images has about a million; the memory that is needed grows with them. */
const maximumLexemes = 2_000_000

/** A file that is to hold one YAML document. */
export interface YamlFile {
  /** The first one; `undefined` if the text is not YAML, nested too deeply, too much, or has a line that is too long. */
  readonly document: Document.Parsed | undefined
  /** The message is a part of a sentence: `it has more than one document`. */
  readonly errors: readonly { readonly offset: number; readonly message: string; readonly remedy: string }[]
  place(offset: number): Required<Place>
}

/** @param most words and signs */
export function parseYaml(
  file: string,
  text: string,
  options: ParseOptions & DocumentOptions & SchemaOptions,
  most = maximumLexemes,
): YamlFile {
  const lines = linesOf(text)
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const longLine = findLongLine(text)
  if (longLine !== undefined) {
    const message = `it has a line of more than ${longestLine} characters`
    return { document: undefined, errors: [{ offset: longLine, message, remedy: 'Break the line' }], place }
  }
  const remedy = 'Correct the file, e.g. with the help of yamllint'
  let limit: YamlFile['errors'][number] | undefined
  function* tokens(): Generator<CST.Token> {
    const parser = new Parser()
    let count = 0
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme)
      count += 1
      const { offset } = parser
      if (parser.stack.length > maximumDepth) {
        limit = { offset, message: `it is nested deeper than ${maximumDepth} levels`, remedy }
      } else if (count > most) {
        const message = `it has more than ${most} words and signs`
        limit = { offset, message, remedy: 'Shorten it, or split it into several files' }
      }
      if (limit !== undefined) return
    }
    yield* parser.end()
  }
  const documents = [...new Composer(options).compose(tokens(), true, text.length)]
  if (limit !== undefined) return { document: undefined, errors: [limit], place }
  const errors = documents.flatMap((document) =>
    document.errors.map(({ pos, message }) => ({ offset: Math.min(pos[0], text.length), message, remedy })),
  )
  const [first, second] = documents
  const document = errors.length === 0 ? first : undefined
  if (second !== undefined) {
    const message = 'it has more than one document'
    errors.push({ offset: second.range[0], message, remedy: 'Put each document into a file of its own' })
  }
  return { document, errors, place }
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1)
  return lines
}

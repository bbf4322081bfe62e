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

/** A file that is to hold one YAML document. */
export interface YamlFile {
  /** The first one; `undefined` if the text is not YAML, or nested too deeply. */
  readonly document: Document.Parsed | undefined
  /** The message is a part of a sentence: `it has more than one document`. */
  readonly errors: readonly { readonly offset: number; readonly message: string; readonly remedy: string }[]
  place(offset: number): Required<Place>
}

export function parseYaml(
  file: string,
  text: string,
  options: ParseOptions & DocumentOptions & SchemaOptions,
): YamlFile {
  let tooDeepAt: number | undefined
  function* tokens(): Generator<CST.Token> {
    const parser = new Parser()
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme)
      if (parser.stack.length > maximumDepth) {
        tooDeepAt = parser.offset
        return
      }
    }
    yield* parser.end()
  }
  const documents = [...new Composer(options).compose(tokens(), true, text.length)]
  const remedy = 'Correct the file, e.g. with the help of yamllint'
  const lines = linesOf(text)
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  if (tooDeepAt !== undefined) {
    const message = `it is nested deeper than ${maximumDepth} levels`
    return { document: undefined, errors: [{ offset: tooDeepAt, message, remedy }], place }
  }
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

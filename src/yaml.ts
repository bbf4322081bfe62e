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

/** Collections within collections. Real files have 6; deeper ones could exhaust the stack of their reader. */
export const maximumDepth = 100

export interface ParsedYaml {
  /** Of no use if there is an error or if the text is too deep. */
  readonly documents: readonly Document.Parsed[]
  readonly errors: readonly { readonly offset: number; readonly message: string }[]
  /** The offset at which the nesting exceeds `maximumDepth`: nothing after it is read. */
  readonly tooDeepAt: number | undefined
}

export function parseYaml(text: string, options: ParseOptions & DocumentOptions & SchemaOptions): ParsedYaml {
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
  const errors = documents.flatMap((document) =>
    document.errors.map(({ pos, message }) => ({ offset: Math.min(pos[0], text.length), message })),
  )
  return { documents, errors, tooDeepAt }
}

/** The lines of a text: `linePos` gives line and column of an offset, both from 1. */
export function linesOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1)
  return lines
}

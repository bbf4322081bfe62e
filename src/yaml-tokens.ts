import { type CST, Lexer, Parser } from 'yaml'

/** Collections within collections; real files have 6. What is deeper could exhaust the stack of whoever reads it. */
export const maximumDepth = 100

/**
 * The tokens of a YAML text, up to where the nesting becomes too deep.
 * @param tooDeep told the offset of that place
 */
export function* tokensOf(text: string, tooDeep: (offset: number) => void): Generator<CST.Token> {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    if (parser.stack.length > maximumDepth) return tooDeep(parser.offset)
  }
  yield* parser.end()
}

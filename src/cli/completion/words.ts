import type { Command, Option } from 'commander'

/** What has been typed so far, as far as completion needs it. */
export interface Typed {
  /** The command whose options apply. */
  readonly command: Command
  /** Was the command named, or could a name of one still come? */
  readonly named: boolean
  /** Was it `help`, which the name of a command follows? */
  readonly help: boolean
  /** The option whose value is being typed. */
  readonly option: Option | undefined
  /** What the candidates must begin with. */
  readonly prefix: string
  /** `--option=` where value and option are one word. */
  readonly glued: string
  /** Only arguments can follow, since `--` was typed. */
  readonly argumentsOnly: boolean
  /** Values of options typed before, by attribute name. */
  readonly values: ReadonlyMap<string, readonly string[]>
  /** Options typed before that take no value. */
  readonly switches: ReadonlySet<string>
}

interface State {
  command: Command
  named: boolean
  help: boolean
  pending: Option | undefined
  argumentsOnly: boolean
  readonly values: Map<string, string[]>
  readonly switches: Set<string>
}

/** Reads the words after the program's name; the last one is being typed. */
export function readWords(program: Command, defaultCommand: Command, words: readonly string[]): Typed {
  const before = words.slice(0, -1)
  const word = words.at(-1) ?? ''
  const state: State = {
    command: defaultCommand,
    named: false,
    help: false,
    pending: undefined,
    argumentsOnly: false,
    values: new Map(),
    switches: new Set(),
  }
  for (const one of before) readWord(state, program, one)
  const { flag, value } = splitOption(word)
  if (state.pending === undefined && flag !== undefined && value !== undefined && !state.argumentsOnly) {
    return { ...state, option: findOption(state, program, flag), prefix: value, glued: `${flag}=` }
  }
  const last = findOption(state, program, before.at(-1) ?? '')
  const option = state.pending ?? (last?.optional && !word.startsWith('-') ? last : undefined)
  return { ...state, option, prefix: word, glued: '' }
}

function readWord(state: State, program: Command, word: string): void {
  const { flag, value } = splitOption(word)
  if (state.argumentsOnly) return
  if (state.pending !== undefined) {
    remember(state, state.pending, word)
    state.pending = undefined
  } else if (word === '--') {
    state.argumentsOnly = true
  } else if (flag === undefined) {
    const command = program.commands.find((candidate) => candidate.name() === word)
    if (!state.named && command !== undefined) state.command = command
    state.help = !state.named && word === 'help'
    state.named = true
  } else {
    const option = findOption(state, program, flag)
    if (value !== undefined) remember(state, option, value)
    else if (option?.required) state.pending = option
    else state.switches.add(flag)
  }
}

function remember({ values }: State, option: Option | undefined, value: string): void {
  if (option === undefined) return
  const key = option.attributeName()
  values.set(key, [...(values.get(key) ?? []), value])
}

function findOption({ command }: State, program: Command, flag: string): Option | undefined {
  return [...command.options, ...program.options].find(({ long, short }) => flag === long || flag === short)
}

function splitOption(word: string): { flag?: string; value?: string } {
  if (!/^-./.test(word) || word === '--') return {}
  const at = word.indexOf('=')
  return at === -1 ? { flag: word } : { flag: word.slice(0, at), value: word.slice(at + 1) }
}

/** Takes shell quoting off a word that is perhaps not finished. */
export function unquote(word: string): string {
  const quote = /^["']/.exec(word)?.[0]
  if (quote === "'") return word.slice(1).replace(/'$/, '')
  return (quote === undefined ? word : word.slice(1).replace(/"$/, '')).replace(/\\(.)/g, '$1')
}

/** bash splits words at `=`: `--output = js` becomes `--output=js` again. */
export function joinAtEquals(words: readonly string[]): string[] {
  const joined: string[] = []
  for (const [index, word] of words.entries()) {
    const last = joined.at(-1)
    const glue = word === '=' || words[index - 1] === '='
    if (glue && last?.startsWith('--')) joined[joined.length - 1] = last + word
    else joined.push(word)
  }
  return joined
}

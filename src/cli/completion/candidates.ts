import { basename, extname } from 'node:path'
import type { Command, Option } from 'commander'
import { camel } from '../../option.ts'
import { rows } from '../../options.ts'
import { configure } from '../call.ts'
import { commandFirst } from '../flags.ts'
import type { Session } from '../session.ts'
import { optionsInForce } from '../settings.ts'

export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

export interface Completion {
  /** `files` and `directories` are left to the shell. */
  readonly kind: 'values' | 'files' | 'directories'
  readonly candidates: readonly Candidate[]
}

/** Stands for the word that is being typed. What commander takes it for is what can be typed there. */
const cursor = '\u0000'

/** Returns what can stand where the last of `words` is being typed. */
export async function complete(
  program: Command,
  session: Session,
  shell: string,
  words: readonly string[],
): Promise<Completion> {
  const plain = (shell === 'bash' ? joinAtEquals(words) : words).map(unquote)
  const word = plain.at(-1) ?? ''
  const [, glued = '', value = word] = /^(-[^=]+=)(.*)$/s.exec(word) ?? []
  const typed = `${glued || (/^-./.test(word) ? '-' : '')}${cursor}`
  const { command, before, option, isOption } = read(program, [...plain.slice(0, -1), typed], typed)
  if (option !== undefined) {
    const attribute = option.attributeName()
    const kind = rows.find(({ name }) => camel(name) === attribute)?.type.path
    if (kind !== undefined) return { kind, candidates: [] }
    const choices = (option.argChoices ?? []).map((choice) => ({ value: choice }))
    const values = attribute === 'name' ? await namesFor(command, session, value) : choices
    return matching(values, value, shell === 'fish' ? glued : '')
  }
  if (isOption) {
    const options = glued === '' ? program.createHelp().visibleOptions(command) : []
    return matching(options.map(optionCandidate), word)
  }
  const visible = program.createHelp().visibleCommands(program)
  const commands = visible.map((one) => ({ value: one.name(), description: one.description() }))
  if (before.length === 1 && before[0] === 'help') return matching(commands, word)
  const further = await argumentsFor(command, session, word)
  return matching(before.length > 0 ? further : [...commands, ...further], word)
}

/** What commander makes of a command line in which one word is being typed. */
interface Reading {
  /** The command whose options apply. */
  readonly command: Command
  /** The command, if it is named, and arguments before the word. */
  readonly before: readonly string[]
  /** The option whose value the word is. */
  readonly option: Option | undefined
  /** Whether the word is the name of an option. */
  readonly isOption: boolean
}

function read(program: Command, words: readonly string[], typed: string): Reading {
  // A shell that is no choice is no reason to offer nothing.
  for (const option of program.options) if (option.argChoices !== undefined) delete option.parseArg
  const { command: name, args } = commandFirst(program, words)
  const command = program.commands.find((one) => one.name() === name) ?? program
  const shared = program.parseOptions([...args])
  const own = command.parseOptions(shared.unknown)
  const operands = [...shared.operands, ...own.operands, ...own.unknown]
  const values: Readonly<Record<string, unknown>> = command.optsWithGlobals()
  return {
    command,
    before: operands.slice(0, operands.indexOf(typed)).filter((one) => !one.startsWith('-')),
    option: [...command.options, ...program.options].find((one) =>
      [values[one.attributeName()]].flat().includes(cursor),
    ),
    isOption: typed !== cursor && own.unknown.includes(typed),
  }
}

function optionCandidate({ long, flags, description }: Option): Candidate {
  return { value: long ?? flags, description }
}

/** Returns what can be an argument of the command. */
async function argumentsFor(
  command: Command,
  session: Session,
  prefix: string,
): Promise<readonly Candidate[]> {
  switch (command.registeredArguments[0]?.name()) {
    case 'NAME':
      return namesFor(command, session, prefix)
    case 'DISTRO': {
      const { shippedCatalogue } = await import('../../init/init.ts')
      return [...(await shippedCatalogue()).map(({ name }) => ({ value: name })), { value: 'all' }]
    }
    default:
      return []
  }
}

/**
 * Returns what selects images of the catalogue in force: shortnames, with names as their descriptions, and files;
 * names themselves once one is being typed. What cannot be read has none: the run will tell why.
 */
async function namesFor(command: Command, session: Session, prefix: string): Promise<readonly Candidate[]> {
  const { readTexts } = await import('../../catalog/read.ts')
  const { readImages } = await import('../../catalog/parse.ts')
  const configuration = await configure(command, session).catch(() => undefined)
  const { values } = optionsInForce<'list'>(command, configuration)
  const files = (await readTexts(values.images)).map(({ path, text }) => ({
    file: basename(path, extname(path)),
    images: readImages(path, text).filter(({ name }) => name !== ''),
  }))
  const labels = files.flatMap(({ images }) =>
    images.flatMap(({ name, shortname }): Candidate[] => {
      if (shortname === undefined) return [{ value: name }]
      const short = { value: shortname, description: name }
      return prefix === '' ? [short] : [short, { value: name }]
    }),
  )
  const further = files.filter(
    ({ file, images }) => images.length > 0 && labels.every(({ value }) => value !== file),
  )
  return [...labels, ...further.map(({ file }) => ({ value: file, description: 'all images of this file' }))]
}

function matching(candidates: readonly Candidate[], prefix: string, glued = ''): Completion {
  return {
    kind: 'values',
    candidates: candidates
      .filter(({ value }) => value.startsWith(prefix))
      .map(({ value, description }) => ({ value: glued + value, description })),
  }
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

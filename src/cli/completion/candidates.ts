import type { Command, Option } from 'commander'
import { camel } from '../../option.ts'
import { rows } from '../../options.ts'
import { catalogueInForce, catalogueNames } from './names.ts'
import { joinAtEquals, readWords, type Typed, unquote } from './words.ts'

export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

export interface Completion {
  /** `files` and `directories` are left to the shell. */
  readonly kind: 'values' | 'files' | 'directories'
  readonly candidates: readonly Candidate[]
}

/** What can stand where the last of `words` is being typed. */
export async function complete(
  program: Command,
  shell: string,
  words: readonly string[],
): Promise<Completion> {
  const visible = program.createHelp().visibleCommands(program)
  const [update = program] = visible
  const plain = (shell === 'bash' ? joinAtEquals(words) : words).map(unquote)
  const typed = readWords(program, update, plain)
  if (typed.option !== undefined) {
    const attribute = typed.option.attributeName()
    const kind = rows.find(({ name }) => camel(name) === attribute)?.type.path
    if (kind !== undefined) return { kind, candidates: [] }
    const values = await optionValues(typed.option, typed)
    const glued = shell === 'fish' ? typed.glued : ''
    return matching(values, typed.prefix, glued)
  }
  if (typed.glued !== '') return matching([], '')
  if (typed.prefix.startsWith('-') && !typed.argumentsOnly) {
    const options = program.createHelp().visibleOptions(typed.command)
    return matching(options.map(optionCandidate), typed.prefix)
  }
  const commands = visible.map((one) => ({ value: one.name(), description: one.description() }))
  if (typed.help) return matching(commands, typed.prefix)
  const further = await argumentsFor(typed)
  return matching(typed.named ? further : [...commands, ...further], typed.prefix)
}

function optionCandidate({ long, flags, description }: Option): Candidate {
  return { value: long ?? flags, description }
}

async function optionValues(option: Option, typed: Typed): Promise<readonly Candidate[]> {
  if (option.attributeName() === 'name') return namesFor(typed)
  return (option.argChoices ?? []).map((value) => ({ value }))
}

/** What can be an argument of the command. */
async function argumentsFor(typed: Typed): Promise<readonly Candidate[]> {
  switch (typed.command.registeredArguments[0]?.name()) {
    case 'NAME':
      return namesFor(typed)
    case 'DISTRO': {
      const { shippedCatalogue } = await import('../../init/init.ts')
      return [...(await shippedCatalogue()).map(({ name }) => ({ value: name })), { value: 'all' }]
    }
    default:
      return []
  }
}

/** Shortnames, with names as their descriptions, and files; names themselves once one is being typed. */
async function namesFor({ values, switches, prefix }: Typed): Promise<readonly Candidate[]> {
  const named = values.get('config')?.at(-1) ?? (process.env.IMAGE_UPDATER_CONFIG || undefined)
  const configuration = switches.has('--no-config') ? false : named
  const { images, files } = await catalogueNames(
    values.get('images') ?? (await catalogueInForce(configuration)),
  )
  const labels = images.flatMap(({ name, shortname }) => {
    const whole: Candidate = { value: name }
    if (shortname === undefined) return [whole]
    const short: Candidate = { value: shortname, description: name }
    return prefix === '' ? [short] : [short, whole]
  })
  const further = files.filter((file) => labels.every(({ value }) => value !== file))
  return [...labels, ...further.map((value) => ({ value, description: 'all images of this file' }))]
}

function matching(candidates: readonly Candidate[], prefix: string, glued = ''): Completion {
  return {
    kind: 'values',
    candidates: candidates
      .filter(({ value }) => value.startsWith(prefix))
      .map(({ value, description }) => ({ value: glued + value, description })),
  }
}

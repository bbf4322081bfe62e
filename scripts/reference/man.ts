import { version } from '../../src/package.ts'
import type { Described, Group, OptionFacts } from './commands.ts'

/** `man/image-updater.1`, in the man macros that groff and mandoc know. */
export function manPage(commands: readonly Described[], shared: readonly Group[]): string {
  const lines = [
    `.TH IMAGE\\-UPDATER 1 "" "image\\-updater ${roff(version())}" "User Commands"`,
    '.nh',
    '.ad l',
    '.SH NAME',
    "image\\-updater \\- keeps an OpenStack cloud's image catalogue fresh",
    '.SH SYNOPSIS',
    ...commands.flatMap(({ usage }, index) => [...(index === 0 ? [] : ['.br']), roff(usage)]),
    '.SH DESCRIPTION',
    'For every image of a catalogue of OpenStack Image Manager the newest build of its distribution is found, its',
    'verified bytes are brought to a mirror, and the catalogue file is rewritten in place.',
    'A file changes only after the bytes are on the mirror and its public URL answers.',
    'Without a command,',
    '.B update',
    'is meant.',
    'Options may stand before or after the command; a flag goes over an environment variable, this over the',
    'configuration file, it over the default.',
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH OPTIONS OF ALL COMMANDS',
    ...shared.flatMap(group),
    '.SH ENVIRONMENT',
    ...variables(commands),
    '.SH FILES',
    ...files.flatMap(([path, text]) => ['.TP', `.I ${roff(path)}`, roff(text)]),
    '.SH SEE ALSO',
    ...seeAlso,
  ]
  return `${lines.join('\n')}\n`
}

const files = [
  ['./image-updater.yml, /etc/image-updater/image-updater.yml', 'Options; the first that is there counts.'],
  ['/etc/images', 'The catalogue, where no other is named.'],
  ['/etc/image-updater/keys', 'OpenPGP public keys, beside those that are fetched and pinned.'],
] as const

const seeAlso = [
  'The folder',
  '.I docs',
  'of the package: operating, troubleshooting by error code, security.',
]

function section(command: Described): string[] {
  const { name, usage, description, groups, more } = command
  const own = groups.filter(({ isOfUpdate }) => !isOfUpdate)
  const others = groups.filter(({ isOfUpdate }) => isOfUpdate).map((one) => one.name.toLowerCase())
  return [
    `.SS ${roff(name)}`,
    `.B ${roff(usage)}`,
    '.PP',
    `${roff(description.charAt(0).toUpperCase() + description.slice(1))}.`,
    ...command.arguments.flatMap((one) => ['.TP', `.I ${roff(one.name)}`, roff(one.description)]),
    ...own.flatMap(group),
    ...(others.length === 0 ? [] : ['.PP', roff(`Also the options of update: ${others.join(', ')}.`)]),
    ...(more === '' ? [] : more.split('\n\n').flatMap(paragraph)),
  ]
}

/** Text is filled anew, since a page is indented; lines of which some are indented stay as they are. */
function paragraph(text: string): string[] {
  const lines = text.split('\n').map(roff)
  return text.includes('\n ') ? ['.PP', '.nf', ...lines, '.fi'] : ['.PP', ...lines]
}

function group({ name, options }: Group): string[] {
  return ['.PP', `.I ${roff(name)}`, ...options.flatMap(option)]
}

function option({ flags, description, choices, ...facts }: OptionFacts): string[] {
  const notes = [
    ...(choices.length === 0 ? [] : [`one of ${choices.join(', ')}`]),
    ...(facts.default === undefined ? [] : [`default: ${facts.default || 'none'}`]),
    ...(facts.variable === undefined ? [] : [`variable: ${facts.variable}`]),
  ]
  const text = notes.length === 0 ? description : `${description} [${notes.join('; ')}]`
  return ['.TP', `.B ${roff(flags)}`, roff(text)]
}

function variables(commands: readonly Described[]): string[] {
  const all = commands.flatMap(({ groups }) => groups.flatMap(({ options }) => options))
  const ofOptions = all.flatMap(({ variable, flags }) => {
    return variable === undefined ? [] : [[variable, `The same as ${flags}.`] as const]
  })
  const entries = new Map([...ofOptions, ...furtherVariables])
  return Array.from(entries).flatMap(([name, text]) => ['.TP', `.B ${roff(name)}`, roff(text)])
}

const furtherVariables = [
  ['IMAGE_UPDATER_TOKEN', 'The bearer token of serve.'],
  ['IMAGE_UPDATER_WEBHOOK_SECRET', 'What the message of a webhook is signed with.'],
  ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'Proxies.'],
  ['NODE_EXTRA_CA_CERTS', 'A file of further certificate authorities.'],
  ['NO_COLOR, FORCE_COLOR', 'No colours, or colours also where no terminal is.'],
] as const

/** Text as roff prints it: its own characters escaped, ASCII alone, no line that looks like a request. */
export function roff(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replace(/[^\n\u0020-\u007e]/gu, (character) => {
      return `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`
    })
  return escaped.replace(/^(?=[.'])/gm, '\\&')
}

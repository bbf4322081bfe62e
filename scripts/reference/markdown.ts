import type { Described, Group, OptionFacts } from './commands.ts'

/** `docs/commands.md`. */
export function commandsMarkdown(commands: readonly Described[], shared: readonly Group[]): string {
  const list = commands.map(({ name, description }) => `- [\`${name}\`](#${name}): ${cell(description)}`)
  const parts = [
    '# Commands',
    'Made from the program by `npm run docs`; `image-updater COMMAND --help` says the same.',
    list.join('\n'),
    'Options may stand before or after the command. A flag goes over an environment variable, this over the\nconfiguration file, it over the default; an empty variable counts as unset.',
    ...commands.map(section),
    '## Options of all commands',
    ...shared.map(table),
  ]
  return `${parts.join('\n\n')}\n`
}

function section(command: Described): string {
  const { name, usage, description, groups, more } = command
  const own = groups.filter(({ isOfUpdate }) => !isOfUpdate)
  const others = groups.filter(({ isOfUpdate }) => isOfUpdate).map((group) => group.name.toLowerCase())
  const parts = [
    `## ${name}`,
    `${sentence(description)}`,
    `\`\`\`\n${usage}\n\`\`\``,
    ...command.arguments.map((one) => `${code(one.name)}: ${cell(one.description)}.`),
    ...own.map(table),
    ...(others.length === 0 ? [] : [`Also the options of [update](#update): ${others.join(', ')}.`]),
    ...(more === '' ? [] : [`\`\`\`text\n${more}\n\`\`\``]),
  ]
  return parts.join('\n\n')
}

function table({ name, options }: Group): string {
  const rows = options.map((option) => `| ${code(option.flags)} | ${meaning(option)} | ${fallback(option)} |`)
  return [`| ${name} | | default, variable |`, '|---|---|---|', ...rows].join('\n')
}

function meaning({ description, choices }: OptionFacts): string {
  return cell(choices.length === 0 ? description : `${description}: ${choices.join(', ')}`)
}

function fallback(option: OptionFacts): string {
  const value = option.default === '' ? "''" : option.default
  return [value, option.variable]
    .filter((fact) => fact !== undefined)
    .map(code)
    .join(', ')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${cell(text.slice(1))}.`
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

function cell(text: string): string {
  return text.replace(/[|<>]/g, (character) => ({ '|': '\\|', '<': '&lt;', '>': '&gt;' })[character] ?? '')
}

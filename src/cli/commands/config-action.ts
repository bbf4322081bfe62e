import { isSwitch, type OptionKey, optionNames } from '../../config/schema.ts'
import { secretOptions } from '../../config/secrets.ts'
import { formatPlace, type Place } from '../../errors.ts'
import { formatDocument } from '../../report/json.ts'
import { formatTextTable } from '../../report/table.ts'
import { createPaint } from '../../report/terminal.ts'
import { wantsColour } from '../context.ts'
import { attributeOf, type Flags, type Origin } from '../flags.ts'
import type { OutputFlags } from '../options.ts'
import { redactDeep } from '../redact.ts'
import type { Session } from '../session.ts'

type Value = string | boolean | readonly string[] | undefined

/** One option in force. */
interface Setting {
  readonly key: string
  readonly value: Value
  readonly origin: Origin
}

/** Prints what is in force. */
export function config(
  flags: Flags<OutputFlags & Record<string, unknown>>,
  { context, redact }: Session,
): void {
  const { configuration } = flags
  const settings = optionNames.map((key) => settingOf(key, flags))
  const lists = {
    overrides: configuration?.overrides ?? [],
    sources: configuration?.sources ?? [],
  }
  const commands = configuration?.commands ?? []
  const { stdout } = context
  if (flags.values.output === 'json') {
    const document = { file: configuration?.file, options: documentOf(settings), commands, ...lists }
    stdout.write(formatDocument(redactDeep(document, redact)))
    return
  }
  const rows = settings.map(({ key, value, origin }) => [key, shown(value), told(origin)])
  const own = configuration?.placeOf('commands')
  if (own !== undefined) rows.push(['commands', commands.join(', '), formatPlace(own)])
  for (const [key, list] of Object.entries(lists)) {
    const place = configuration?.placeOf(key)
    if (place !== undefined) rows.push([key, `${list.length}`, formatPlace(place)])
  }
  const table = redactDeep({ head: ['option', 'value', 'from'], rows }, redact)
  stdout.write(formatTextTable(table, createPaint(wantsColour(stdout))))
}

function settingOf(key: OptionKey, { values, origin }: Flags<Record<string, unknown>>): Setting {
  const attribute = attributeOf(key)
  const value = (values[attribute] ?? (isSwitch(key) ? false : undefined)) as Value
  const isSecret = secretOptions.some((secret) => secret === key) && value !== undefined
  return { key, value: isSecret ? '***' : value, origin: origin(attribute) }
}

function shown(value: Value): string {
  if (value === undefined) return '-'
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? value || "''" : value.join(', ')
}

function told({ source, name, place }: Origin): string {
  if (place !== undefined) return formatPlace(place)
  return source === 'default' ? 'default' : name
}

function documentOf(settings: readonly Setting[]) {
  return Object.fromEntries(
    settings.map(({ key, value, origin: { source, name, place } }) => [
      key,
      { value: value ?? null, source, ...(source === 'default' ? {} : { name }), ...places(place) },
    ]),
  )
}

function places(place: Place | undefined): { readonly place?: Place } {
  return place === undefined ? {} : { place }
}

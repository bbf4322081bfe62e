import { type CommandName, commandNames } from '../../commands.ts'
import type { Configuration } from '../../config/types.ts'
import {
  asUpdaterError,
  describeError,
  formatPlace,
  type Place,
  printable,
  type UpdaterError,
} from '../../errors.ts'
import type { Given } from '../../option.ts'
import { keyOf } from '../../options.ts'
import { formatDocument } from '../../report/json.ts'
import { reportedError } from '../../report/refusal.ts'
import { formatTextTable } from '../../report/table.ts'
import { displayWidth, type TextLayout } from '../../report/terminal.ts'
import type { Call } from '../call.ts'
import { configure } from '../configuration.ts'
import { layoutOf } from '../context.ts'
import { errorLines, openLog } from '../log.ts'
import { redactDeep } from '../redact.ts'
import { type Origin, optionsFrom, type Setting, settingsOf } from '../settings.ts'
import { toHookOptions, toUpdateOptions } from '../values.ts'

/** What is in force for one command in another way than for the others. */
interface Own {
  readonly command: string
  readonly settings: readonly Setting[]
  readonly defects: readonly UpdaterError[]
}

/**
 * Prints what is in force. What a command would refuse is told as well, and ends with 2: where it comes from is
 * then just what one wants to see.
 */
export async function run(call: Call<'config'>): Promise<void> {
  const { command, session } = call
  const { context, redact, configuration } = session
  const all = settingsOf(command, configuration)
  const settings = all.filter(({ row }) => row.file !== false)
  const owns = await ownsOf(call, settings)
  const defects = distinct([
    ...(configuration?.defects ?? []),
    ...defectsOf(all, configuration),
    ...owns.flatMap((own) => own.defects),
  ])
  session.exitStatus = defects.length === 0 ? 0 : 2
  const lists = {
    overrides: configuration?.overrides ?? [],
    sources: configuration?.sources ?? [],
  }
  const { values } = optionsFrom<'config'>(all, configuration)
  if (values.output === 'json') {
    const document = {
      schema_version: 1,
      file: configuration?.file,
      exit_status: session.exitStatus,
      options: documentOf(settings),
      commands: configuration?.commands ?? [],
      command_options: Object.fromEntries(owns.map((own) => [own.command, documentOf(own.settings)])),
      ...lists,
      errors: defects.map((error) => reportedError(error)),
    }
    context.stdout.write(formatDocument(redactDeep(document, redact)))
  } else {
    const rows = settings.map((setting) => rowOf(setting))
    for (const own of owns) rows.push(...own.settings.map((setting) => rowOf(setting, `${own.command}.`)))
    for (const [key, list] of Object.entries(lists)) {
      const place = configuration?.placeOf(key)
      if (place !== undefined) rows.push([key, `${list.length}`, formatPlace(place)])
    }
    context.stdout.write(formatRows(redactDeep(rows, redact), layoutOf(context.stdout)))
  }
  const { log } = openLog(session, values)
  for (const line of defects.flatMap((defect) => errorLines(defect, 'config'))) log.write(line)
}

/** Reads the file anew for each command that has options of its own in it. */
async function ownsOf({ command, session }: Call<'config'>, common: readonly Setting[]): Promise<Own[]> {
  const before = session.configuration
  const owns: Own[] = []
  for (const name of commandNames.filter((one) => before?.commands.includes(one))) {
    const configuration = await configure(command, session, name)
    const all = settingsOf(command, configuration, name)
    const settings = all.filter(
      (own) =>
        own.row.file !== false &&
        common.some((other) => other.row.name === own.row.name && !isSame(own, other)),
    )
    owns.push({ command: name, settings, defects: defectsOf(all, configuration, name) })
  }
  session.configuration = before
  return owns
}

/** Where a command has another default than the others, that says nothing about the file. */
function isSame(one: Setting, other: Setting): boolean {
  if (one.origin.source === 'default') return true
  const told = ({ given, origin: { source, place } }: Setting) => JSON.stringify([given, source, place])
  return told(one) === told(other)
}

/** What is wrong with single values, and what the commands that read several of them say. */
function defectsOf(
  settings: readonly Setting[],
  configuration: Configuration | undefined,
  command: CommandName = 'config',
): UpdaterError[] {
  const single = settings.flatMap(({ defect }) => defect ?? [])
  if (single.length > 0 || !['config', 'update', 'serve'].includes(command)) return single
  const options = optionsFrom<'config'>(settings, configuration)
  const readings = [() => toUpdateOptions(options, []), () => toHookOptions(options)]
  return readings.flatMap((read) => {
    try {
      read()
      return []
    } catch (error) {
      return [asUpdaterError(error)]
    }
  })
}

/** What stands at one place of the file is told once. */
function distinct(errors: readonly UpdaterError[]): UpdaterError[] {
  const subject = (error: UpdaterError) =>
    error.place === undefined ? describeError(error) : formatPlace(error.place)
  return [...new Map([...errors].reverse().map((error) => [subject(error), error])).values()].reverse()
}

type Row = readonly [option: string, value: string, from: string]

function rowOf(setting: Setting, before = ''): Row {
  return [`${before}${keyOf(setting.row)}`, shown(displayed(setting)), told(setting.origin)]
}

/** Of a secret only whether there is one. */
function displayed({ row, given }: Setting): Given | undefined {
  if (row.secret && given !== undefined) return '***'
  return given ?? (row.type.form === 'flag' ? false : undefined)
}

/** A value that is too long for its line on a terminal stands below it. */
function formatRows(rows: readonly Row[], layout: TextLayout): string {
  const head: Row = ['option', 'value', 'from']
  const widthOf = (text: string) => displayWidth(printable(text))
  const widest = (index: 0 | 2) => Math.max(...[head, ...rows].map((row) => widthOf(row[index])))
  const room = (layout.columns ?? Number.POSITIVE_INFINITY) - widest(0) - widest(2) - 4
  const isLong = (value: string) => widthOf(value) > Math.max(room, 5)
  const table = {
    head,
    rows: rows.map(([option, value, from]) => [option, isLong(value) ? '' : value, from]),
    notes: rows.map(([, value]) => (isLong(value) ? [value] : [])),
    narrowest: Number.POSITIVE_INFINITY,
  }
  return formatTextTable(table, layout)
}

function shown(value: Given | undefined): string {
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
    settings.map((setting) => {
      const { source, name, place } = setting.origin
      const origin = source === 'default' ? { source } : { source, name }
      return [keyOf(setting.row), { value: displayed(setting) ?? null, ...origin, ...places(place) }]
    }),
  )
}

function places(place: Place | undefined): { readonly place?: Place } {
  return place === undefined ? {} : { place }
}

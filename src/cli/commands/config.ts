import { type CommandName, commandNames } from '../../commands.ts'
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
import { type Call, configure } from '../call.ts'
import { errorLines, openLog } from '../log.ts'
import { present } from '../present.ts'
import { type Options, optionsInForce, type Setting } from '../settings.ts'
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
  const { session } = call
  const { configuration } = session
  const inForce = call.inForce()
  const owns = await ownsOf(call, inForce.settings)
  const defects = distinct([
    ...(configuration?.defects ?? []),
    ...defectsOf(inForce),
    ...owns.flatMap((own) => own.defects),
  ])
  session.exitStatus = defects.length === 0 ? 0 : 2
  const { overrides = [], sources = [], skip = [] } = configuration ?? {}
  const document = {
    schema_version: 1,
    file: configuration?.file,
    exit_status: session.exitStatus,
    options: documentOf(inForce.settings),
    commands: configuration?.commands ?? [],
    command_options: Object.fromEntries(owns.map((own) => [own.command, documentOf(own.settings)])),
    overrides,
    sources,
    skip,
    errors: defects.map((error) => reportedError(error)),
  }
  present(call, document, {
    json: formatDocument,
    text: ({ options, command_options }, layout) => {
      const own = Object.entries(command_options).flatMap(([name, some]) => rowsOf(some, `${name}.`))
      const lists = Object.entries({ overrides, sources, skip }).flatMap(([key, list]) => {
        const place = configuration?.placeOf(key)
        return place === undefined ? [] : [[key, `${list.length}`, formatPlace(place)] as const]
      })
      return formatRows([...rowsOf(options), ...own, ...lists], layout)
    },
  })
  const log = openLog(session, inForce.values)
  for (const line of defects.flatMap((defect) => errorLines(defect, 'config'))) log.write(line)
}

/** Reads the file anew for each command that has options of its own in it. */
async function ownsOf({ command, session }: Call<'config'>, common: readonly Setting[]): Promise<Own[]> {
  const before = session.configuration
  const owns: Own[] = []
  for (const name of commandNames.filter((one) => before?.commands.includes(one))) {
    const configuration = await configure(command, session, name)
    const inForce = optionsInForce<'config'>(command, configuration, name)
    const settings = inForce.settings.filter((own) =>
      common.some((other) => other.row.name === own.row.name && !isSame(own, other)),
    )
    owns.push({ command: name, settings, defects: defectsOf(inForce, name) })
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
function defectsOf(options: Options<'config'>, command: CommandName = 'config'): UpdaterError[] {
  const single = options.settings.flatMap(({ defect }) => defect ?? [])
  if (single.length > 0 || !['config', 'update', 'serve'].includes(command)) return single
  return [() => toUpdateOptions(options, []), () => toHookOptions(options)].flatMap((read) => {
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

/** An option as the document tells it. */
interface Shown {
  /** Of a secret only whether there is one. */
  readonly value: Given | null
  readonly source: string
  readonly name?: string
  readonly place?: Place
}

/** Options that no file can set are for one call: they say nothing about what is in force. */
function documentOf(settings: readonly Setting[]): Readonly<Record<string, Shown>> {
  const lasting = settings.filter(({ row }) => row.file !== false)
  return Object.fromEntries(
    lasting.map(({ row, given, origin: { source, name, place } }) => {
      const value = given ?? (row.type.form === 'flag' ? false : null)
      return [
        keyOf(row),
        {
          value: row.secret && value !== null ? '***' : value,
          source,
          ...(source !== 'default' && { name }),
          ...(place !== undefined && { place }),
        },
      ]
    }),
  )
}

type Row = readonly [option: string, value: string, from: string]

function rowsOf(options: Readonly<Record<string, Shown>>, before = ''): Row[] {
  return Object.entries(options).map(([key, { value, source, name = source, place }]) => {
    const shown = value === null ? '-' : [value].flat().join(', ') || "''"
    return [`${before}${key}`, shown, place === undefined ? name : formatPlace(place)]
  })
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

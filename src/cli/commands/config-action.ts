import type { Command } from 'commander'
import { isSwitch, type OptionKey, optionNames } from '../../config/schema.ts'
import { secretOptions } from '../../config/secrets.ts'
import {
  asUpdaterError,
  describeError,
  formatPlace,
  type Place,
  printable,
  type UpdaterError,
} from '../../errors.ts'
import { formatDocument } from '../../report/json.ts'
import { reportedError } from '../../report/refusal.ts'
import { formatTextTable } from '../../report/table.ts'
import { displayWidth, type TextLayout } from '../../report/terminal.ts'
import { configure } from '../configuration.ts'
import { layoutOf } from '../context.ts'
import { attributeOf, type Flags, type Origin, readFlags } from '../flags.ts'
import { errorLines, openLog } from '../log.ts'
import type { HookFlags, OutputFlags, PruneFlags, ServeFlags, SharedFlags, UpdateFlags } from '../options.ts'
import { toPruneOptions } from '../prune-values.ts'
import { redactDeep } from '../redact.ts'
import { toHookOptions, toListening } from '../service-values.ts'
import type { Session } from '../session.ts'
import { assertVouched, toUpdateOptions } from '../values.ts'
import { type LifecycleFlags, toLifecycleOptions } from './lifecycle-action.ts'
import { type ProposeFlags, toBranchPrefix } from './propose-action.ts'

type AllFlags = Flags<
  UpdateFlags &
    PruneFlags &
    HookFlags &
    ServeFlags &
    LifecycleFlags &
    ProposeFlags &
    OutputFlags &
    SharedFlags
>
type Value = string | boolean | readonly string[] | undefined

/** One option in force. */
interface Setting {
  readonly key: OptionKey
  readonly value: Value
  readonly origin: Origin
}

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
export async function config(command: Command, session: Session): Promise<void> {
  const { context, redact } = session
  const flags = readFlags<AllFlags['values']>(command)
  const { configuration } = flags
  const settings = settingsOf(flags)
  const owns = await ownsOf(command, settings, session)
  const defects = distinct([...defectsOf(flags), ...owns.flatMap((own) => own.defects)])
  session.exitStatus = defects.length === 0 ? 0 : 2
  const lists = {
    overrides: configuration?.overrides ?? [],
    sources: configuration?.sources ?? [],
  }
  if (flags.values.output === 'json') {
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
  const { log } = openLog(session, flags.values)
  for (const line of defects.flatMap((defect) => errorLines(defect, 'config'))) log.write(line)
}

/** @param defaults the command that is asked about, which may have other defaults than all the others */
function settingsOf(flags: Flags<object>, defaults: Flags<object> = flags): Setting[] {
  return optionNames.flatMap((key) => {
    const attribute = attributeOf(key)
    if (!Object.hasOwn(defaults.values, attribute)) return []
    const origin = flags.origin(attribute as never)
    const { values } = origin.source === 'default' ? defaults : flags
    const value = new Map<string, Value>(Object.entries(values)).get(attribute)
    const isSecret = secretOptions.some((secret) => secret === key) && value !== undefined
    return [{ key, value: isSecret ? '***' : (value ?? (isSwitch(key) ? false : undefined)), origin }]
  })
}

/** The commands that have options of their own in the file, and `prune`, which has a grace period of its own. */
async function ownsOf(command: Command, common: readonly Setting[], session: Session): Promise<Own[]> {
  const named = readFlags(command).configuration?.commands ?? []
  const owns: Own[] = []
  for (const one of command.parent?.commands ?? []) {
    const name = one.name()
    if (name !== 'prune' && !named.includes(name)) continue
    await configure(one, session)
    const flags = readFlags<AllFlags['values']>(command)
    const settings = settingsOf(flags, readFlags(one)).filter(
      (own) => !common.some((other) => isSame(own, other)),
    )
    owns.push({ command: name, settings, defects: defectsOf(flags, name) })
  }
  return owns
}

function isSame(one: Setting, other: Setting): boolean {
  const told = ({ key, value, origin: { source, place } }: Setting) =>
    JSON.stringify([key, value, source, place])
  return told(one) === told(other)
}

/** What the commands that read these options say of them. */
function defectsOf(flags: AllFlags, command?: string): UpdaterError[] {
  const readings =
    command === 'prune'
      ? [() => toPruneOptions(flags)]
      : [
          () => toVouchedOptions(flags),
          () => toHookOptions(flags),
          () => toListening(withoutFlag(flags)),
          () => toLifecycleOptions(flags, []),
          () => toBranchPrefix(flags),
        ]
  return readings.flatMap((read) => {
    try {
      read()
      return []
    } catch (error) {
      return [asUpdaterError(error)]
    }
  })
}

function toVouchedOptions(flags: AllFlags): void {
  const { mirror, dryRun } = toUpdateOptions(flags, [])
  if (!dryRun) assertVouched(flags, mirror)
}

/** `--grace` may be meant for `prune`, which takes longer ones. */
function withoutFlag(flags: AllFlags): AllFlags {
  if (flags.origin('grace').source !== 'flag') return flags
  return { ...flags, values: { ...flags.values, grace: '0s' } }
}

function distinct(errors: readonly UpdaterError[]): UpdaterError[] {
  return [...new Map(errors.map((error) => [describeError(error), error])).values()]
}

function rowOf({ key, value, origin }: Setting, before = ''): Row {
  return [`${before}${key}`, shown(value), told(origin)]
}

type Row = readonly [option: string, value: string, from: string]

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

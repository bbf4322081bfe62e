import { type Definition, type Plain, textAt } from '../catalog/definitions.ts'
import { countStatuses } from '../report/quantities.ts'
import type { CatalogueDiff, DiffVersion, FieldChange, ImageDiff } from '../report/schemas.ts'

export interface Entry {
  /** Name of the file, without its folder. */
  readonly file: string
  readonly definition: Definition
}

/** Compares image by image. An image stays the same one as long as its shortname does, or without one its name. */
export function compareCatalogues(before: readonly Entry[], after: readonly Entry[]): CatalogueDiff {
  const old = numbered(before, keyOf)
  const now = numbered(after, keyOf)
  const images = [
    ...[...now].flatMap(([key, entry]) => compareImage(old.get(key), entry) ?? []),
    ...[...old].flatMap(([key, entry]) => (now.has(key) ? [] : [wholeImage('removed', entry)])),
  ]
  const statuses = images.map(({ status }) => status)
  return { schema_version: 1, summary: countStatuses(statuses, 'added', 'removed', 'changed'), images }
}

function keyOf({ file, definition }: Entry): string {
  return textAt(definition, 'shortname') ?? textAt(definition, 'name') ?? file
}

/** Returns items by their keys; the second and later items of a key have their number in it. */
function numbered<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item> {
  const byKey = new Map<string, Item>()
  for (const item of items) {
    let key = keyOf(item)
    for (let number = 2; byKey.has(key); number += 1) key = `${keyOf(item)}\n${number}`
    byKey.set(key, item)
  }
  return byKey
}

function compareImage(old: Entry | undefined, now: Entry): ImageDiff | undefined {
  if (old === undefined) return wholeImage('added', now)
  const { versions: formerVersions, ...before } = old.definition
  const { versions: newVersions, ...after } = now.definition
  const fields = changesOf(before, after)
  const versions = compareVersions(listOf(formerVersions), listOf(newVersions))
  const isSame = [fields, ...Object.values(versions)].every((changes) => changes.length === 0)
  return isSame ? undefined : { ...about(now), status: 'changed', fields, versions }
}

function wholeImage(status: 'added' | 'removed', entry: Entry): ImageDiff {
  const versions = listOf(entry.definition.versions).map(describeVersion)
  return {
    ...about(entry),
    status,
    fields: [],
    versions: { added: [], removed: [], changed: [], [status]: versions },
  }
}

function about({ file, definition }: Entry): Pick<ImageDiff, 'file' | 'name' | 'shortname'> {
  const shortname = textAt(definition, 'shortname')
  return { file, name: textAt(definition, 'name') ?? shortname ?? '', shortname }
}

/** Two entries with the same `version` are the same one. */
function compareVersions(old: readonly Plain[], now: readonly Plain[]): ImageDiff['versions'] {
  const byVersion = (versions: readonly Plain[]) =>
    numbered(versions, (version) => textAt(version, 'version') ?? '')
  const [before, after] = [byVersion(old), byVersion(now)]
  const changed = [...after].flatMap(([key, version]) => {
    const former = before.get(key)
    const fields = former === undefined ? [] : changesOf(former, version)
    return fields.length === 0 ? [] : [{ version: textAt(version, 'version') ?? '', fields }]
  })
  const only = (these: Map<string, Plain>, those: Map<string, Plain>) =>
    [...these].flatMap(([key, version]) => (those.has(key) ? [] : [describeVersion(version)]))
  return { added: only(after, before), removed: only(before, after), changed }
}

function listOf(versions: Plain | undefined): readonly Plain[] {
  return Array.isArray(versions) ? versions : []
}

function describeVersion(version: Plain): DiffVersion {
  const keys = ['version', 'build_date', 'checksum', 'url', 'mirror_url'] as const
  return Object.fromEntries(keys.map((key) => [key, textAt(version, key)]))
}

function changesOf(old: Plain, now: Plain): FieldChange[] {
  const [before, after] = [flatten(old), flatten(now)]
  return [...new Set([...after.keys(), ...before.keys()])].flatMap((key) => {
    const change = { key, before: before.get(key), after: after.get(key) }
    return change.before === change.after ? [] : [change]
  })
}

/** Texts by dotted keys; lists of texts are one text. */
function flatten(value: Plain, prefix = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[prefix, value]])
  if (value === null) return new Map([[prefix, '']])
  if (Array.isArray(value)) {
    const isFlat = value.every((item) => typeof item === 'string')
    return new Map([[prefix, isFlat ? value.join(', ') : JSON.stringify(value)]])
  }
  const entries = Object.entries<Plain>(value)
  return new Map(
    entries.flatMap(([key, item]) => [...flatten(item, prefix === '' ? key : `${prefix}.${key}`)]),
  )
}

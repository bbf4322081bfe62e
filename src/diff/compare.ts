import { type Definition, type Plain, textAt } from '../catalog/definitions.ts'
import type { CatalogueDiff, DiffVersion, FieldChange, ImageDiff } from '../report/schemas.ts'

/** The definitions of one file. */
export interface DefinitionFile {
  /** Without its folder. */
  readonly name: string
  readonly definitions: readonly Definition[]
}

interface Entry {
  readonly file: string
  readonly definition: Definition
}

/** Compares image by image. An image stays the same one as long as its shortname does, or without one its name. */
export function compareCatalogues(
  before: readonly DefinitionFile[],
  after: readonly DefinitionFile[],
): CatalogueDiff {
  const old = entriesOf(before)
  const now = entriesOf(after)
  const images = [
    ...[...now].flatMap(([key, entry]) => compareImage(old.get(key), entry) ?? []),
    ...[...old].flatMap(([key, entry]) => (now.has(key) ? [] : [wholeImage('removed', entry)])),
  ]
  const count = (wanted: ImageDiff['status']) => images.filter(({ status }) => status === wanted).length
  const summary = { added: count('added'), removed: count('removed'), changed: count('changed') }
  return { schema_version: 1, summary, images }
}

/** Entries by shortname or name; of several with the same one, the second and later ones by their number too. */
function entriesOf(files: readonly DefinitionFile[]): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const { name: file, definitions } of files) {
    for (const definition of definitions) {
      const identity = textAt(definition, 'shortname') ?? textAt(definition, 'name') ?? file
      let key = identity
      for (let number = 2; entries.has(key); number += 1) key = `${identity}\n${number}`
      entries.set(key, { file, definition })
    }
  }
  return entries
}

function compareImage(old: Entry | undefined, now: Entry): ImageDiff | undefined {
  if (old === undefined) return wholeImage('added', now)
  const fields = changesOf(fieldsOf(old.definition), fieldsOf(now.definition))
  const versions = compareVersions(versionsOf(old.definition), versionsOf(now.definition))
  const isSame = [fields, ...Object.values(versions)].every((changes) => changes.length === 0)
  return isSame ? undefined : { ...about(now), status: 'changed', fields, versions }
}

function wholeImage(status: 'added' | 'removed', entry: Entry): ImageDiff {
  const versions = versionsOf(entry.definition).map(describeVersion)
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
  const numbered = (versions: readonly Plain[]) => {
    const named = new Map<string, Plain>()
    for (const version of versions) {
      const name = textAt(version, 'version') ?? ''
      let key = name
      for (let number = 2; named.has(key); number += 1) key = `${name}\n${number}`
      named.set(key, version)
    }
    return named
  }
  const [before, after] = [numbered(old), numbered(now)]
  const changed = [...after].flatMap(([key, version]) => {
    const former = before.get(key)
    const fields = former === undefined ? [] : changesOf(flatten(former), flatten(version))
    return fields.length === 0 ? [] : [{ version: textAt(version, 'version') ?? '', fields }]
  })
  const only = (these: Map<string, Plain>, those: Map<string, Plain>) =>
    [...these].flatMap(([key, version]) => (those.has(key) ? [] : [describeVersion(version)]))
  return { added: only(after, before), removed: only(before, after), changed }
}

function versionsOf({ versions }: Definition): readonly Plain[] {
  return Array.isArray(versions) ? versions : []
}

function describeVersion(version: Plain): DiffVersion {
  return {
    version: textAt(version, 'version'),
    build_date: textAt(version, 'build_date'),
    checksum: textAt(version, 'checksum'),
    url: textAt(version, 'url'),
    mirror_url: textAt(version, 'mirror_url'),
  }
}

function fieldsOf(definition: Definition): Map<string, string> {
  const fields = flatten(definition)
  for (const key of [...fields.keys()]) if (/^versions(?:$|\.)/.test(key)) fields.delete(key)
  return fields
}

function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FieldChange[] {
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
  const entries = Object.entries(value as Readonly<Record<string, Plain>>)
  return new Map(
    entries.flatMap(([key, item]) => [...flatten(item, prefix === '' ? key : `${prefix}.${key}`)]),
  )
}

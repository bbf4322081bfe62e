import { closest } from '../catalog/closest.ts'
import {
  type CatalogDocument,
  type CatalogMap,
  type CatalogNode,
  isList,
  isMapping,
} from '../catalog/document.ts'
import type { FieldReader } from '../catalog/fields.ts'
import { readValue, type Value } from '../catalog/value.ts'
import type { Place } from '../errors.ts'
import type { Profile } from '../rules.ts'
import type { ReportFinding } from './rules.ts'
import type { Content, Mapping, Scalar } from './schema.ts'
import { isTakenByScs } from './scs.ts'

/** A file whose nodes are compared with the schema. */
export interface Compared {
  readonly document: CatalogDocument
  readonly fields: FieldReader
  readonly report: ReportFinding
  readonly profile: Profile
}

/** Compares a node with the schema. @param label what the node is, for the sentences: `"min_disk"` */
export function compare(node: CatalogNode, content: Content, label: string, at: Place, file: Compared): void {
  const { document, report } = file
  const value = readValue(node)
  if ('accepts' in content) compareScalar(value, content, label, at, report)
  else if ('keys' in content) {
    if (isMapping(node)) compareKeys(node, content, label, at, file)
    else report('wrong-type', at, `${label} is ${value.kind}, not a mapping`)
  } else if (isList(node)) {
    const { items } = content
    for (const item of node.items) {
      const target = document.resolve(item)
      if (items === undefined || target === undefined) continue
      compare(target, items, itemLabels[label] ?? label, document.place(item.range[0]), file)
    }
  } else report('wrong-type', at, `${label} is ${value.kind}, not a list`)
}

const itemLabels: Readonly<Record<string, string>> = { '"versions"': 'The version', '"tags"': 'A tag' }

/** Compares the keys of a mapping and what stands there. */
function compareKeys(node: CatalogMap, { keys }: Mapping, label: string, at: Place, file: Compared): void {
  const { document, report } = file
  const fields = file.fields.read(node)
  for (const [name, { key, value }] of fields) {
    const keyPlace = document.place(key?.range[0] ?? 0)
    const known = Object.hasOwn(keys, name) ? keys[name] : undefined
    if (known === undefined) {
      const [meant] = closest(name, Object.keys(keys))
      const message = `There is no key "${name}" in OpenStack Image Manager's schema`
      report('unknown-key', keyPlace, message, meant && `Perhaps "${meant}" is meant`)
    } else if (value !== undefined && (!known.isOptional || readValue(value).kind !== 'nothing')) {
      const isEmpty = value === null || value.range[0] === value.range[1]
      const place = isEmpty ? keyPlace : document.place(value.range[0])
      compareProperty(name, value, known, place, file)
    }
  }
  for (const [name, { isOptional }] of Object.entries(keys)) {
    if (!isOptional && !fields.has(name)) report('missing-key', at, `${label} has no "${name}"`)
  }
}

/** A word that SCS-0102 takes and Image Manager's schema does not is a contradiction of the two, if both are asked. */
function compareProperty(name: string, node: CatalogNode, content: Content, at: Place, file: Compared): void {
  const value = readValue(node)
  const isWord = value.kind === 'text' && /^[a-z]/.test(value.text)
  const isRefused = 'accepts' in content && !content.accepts(value)
  if (file.profile === 'upstream+scs' && isWord && isRefused && isTakenByScs(name, value.text)) {
    const message = `"${name}" ${value.text}: SCS-0102 (scs-0102-prop-${name}) takes it, OpenStack Image Manager's schema refuses it`
    file.report('scs-contradiction', at, message)
  } else compare(node, content, `"${name}"`, at, file)
}

function compareScalar(value: Value, content: Scalar, label: string, at: Place, report: ReportFinding): void {
  if (content.accepts(value)) return
  if (content.isText && value.kind === 'text') {
    report('wrong-value', at, `${label} is not ${content.expected}`)
    return
  }
  const isTextWanted = value.text !== '' && content.accepts({ kind: 'text', text: value.text })
  const remedy = isTextWanted ? 'Put the value into quotes' : undefined
  report('wrong-type', at, `${label} is ${value.kind}, not ${content.expected}`, remedy)
}

import { closest } from '../catalog/closest.ts'
import { type CatalogDocument, type CatalogNode, isList, isMapping } from '../catalog/document.ts'
import type { Field, FieldReader } from '../catalog/fields.ts'
import type { Place } from '../errors.ts'
import type { ReportFinding } from './rules.ts'
import type { Check, ListOf, Shape } from './schema.ts'
import { readValue, type Value } from './value.ts'

/** Compares a file's nodes with the schema. */
export class ShapeChecker {
  readonly #document: CatalogDocument
  readonly #fields: FieldReader
  readonly #report: ReportFinding

  constructor(document: CatalogDocument, fields: FieldReader, report: ReportFinding) {
    this.#document = document
    this.#fields = fields
    this.#report = report
  }

  /** @param label what the value is, for the sentences: `"min_disk"` */
  check(node: CatalogNode, content: Check | Shape | ListOf, label: string, at: Place): void {
    if ('keys' in content) this.#mapping(node, content, label, at)
    else if ('items' in content) this.#list(node, content, label, at)
    else this.#scalar(readValue(node), content, label, at)
  }

  #mapping(node: CatalogNode, shape: Shape, label: string, at: Place): void {
    if (!isMapping(node)) {
      this.#report('wrong-type', at, `${label} is ${readValue(node).kind}, not a mapping`)
      return
    }
    const fields = this.#fields.read(node)
    for (const [name, field] of fields) this.#field(name, field, shape)
    for (const [name, { isRequired }] of Object.entries(shape.keys)) {
      if (isRequired && !fields.has(name)) this.#report('missing-key', at, `${label} has no "${name}"`)
    }
  }

  #field(name: string, { key, value }: Field, shape: Shape): void {
    const keyPlace = this.#document.place(key?.range[0] ?? 0)
    const known = Object.hasOwn(shape.keys, name) ? shape.keys[name] : undefined
    if (known === undefined) {
      const [meant] = closest(name, Object.keys(shape.keys))
      const message = `There is no key "${name}" in OpenStack Image Manager's schema`
      this.#report('unknown-key', keyPlace, message, meant && `Perhaps "${meant}" is meant`)
      return
    }
    if (value === undefined || (!known.isRequired && readValue(value).kind === 'nothing')) return
    const isEmpty = value === null || value.range[0] === value.range[1]
    const at = isEmpty ? keyPlace : this.#document.place(value.range[0])
    this.check(value, known.content, `"${name}"`, at)
  }

  #list(node: CatalogNode, { items, least }: ListOf, label: string, at: Place): void {
    if (!isList(node)) {
      this.#report('wrong-type', at, `${label} is ${readValue(node).kind}, not a list`)
      return
    }
    if (node.items.length < least) this.#report('wrong-value', at, `${label} is an empty list`)
    for (const item of node.items) {
      const place = this.#document.place(item.range[0])
      const target = this.#document.resolve(item)
      if (target !== undefined) this.check(target, items, labelOfItem(label), place)
    }
  }

  #scalar(value: Value, content: Check, label: string, at: Place): void {
    if (content.accepts(value)) return
    if (content.isOfType?.(value)) {
      this.#report('wrong-value', at, `${label} is not ${content.expected}`)
      return
    }
    const isTextWanted = value.text !== '' && content.accepts({ kind: 'text', text: value.text })
    const remedy = isTextWanted ? 'Put the value into quotes' : undefined
    this.#report('wrong-type', at, `${label} is ${value.kind}, not ${content.expected}`, remedy)
  }
}

const itemLabels: Readonly<Record<string, string>> = {
  '"images"': 'The image',
  '"versions"': 'The version',
  '"tags"': 'A tag',
}

function labelOfItem(list: string): string {
  return itemLabels[list] ?? list
}

import { isMap, isSeq } from 'yaml'
import { closest } from '../catalog/closest.ts'
import type { CatalogDocument } from '../catalog/document.ts'
import type { CatalogMap, CatalogNode } from '../catalog/nodes.ts'
import type { Place } from '../errors.ts'
import { type Field, type Mapping, resolved } from './mapping.ts'
import type { Report } from './rules.ts'
import type { Check, ListOf, Shape } from './schema.ts'
import { readValue, type Value } from './value.ts'

/** Compares a file's nodes with the schema. */
export class ShapeChecker {
  readonly #document: CatalogDocument
  readonly #read: (map: CatalogMap) => Mapping
  readonly #report: Report

  constructor(document: CatalogDocument, read: (map: CatalogMap) => Mapping, report: Report) {
    this.#document = document
    this.#read = read
    this.#report = report
  }

  /** @param label what the value is, for the sentences: `"min_disk"` */
  check(node: CatalogNode, content: Check | Shape | ListOf, label: string, at: Place): void {
    if ('keys' in content) this.#mapping(node, content, label, at)
    else if ('items' in content) this.#list(node, content, label, at)
    else this.#scalar(readValue(node), content, label, at)
  }

  #mapping(node: CatalogNode, shape: Shape, label: string, at: Place): void {
    if (!isMap(node)) {
      this.#report('wrong-type', at, `${label} is ${readValue(node).kind}, not a mapping`)
      return
    }
    const fields = this.#read(node as CatalogMap)
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
    if (!isSeq(node)) {
      this.#report('wrong-type', at, `${label} is ${readValue(node).kind}, not a list`)
      return
    }
    if (node.items.length < least) this.#report('wrong-value', at, `${label} is an empty list`)
    for (const item of node.items as CatalogNode[]) {
      const place = this.#document.place(item?.range[0] ?? node.range[0])
      const target = resolved(this.#document, item)
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

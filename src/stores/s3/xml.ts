import { XMLParser } from 'fast-xml-parser'

/** An element: its children by name, a leaf's text. */
export type XmlNode = string | { readonly [name: string]: XmlNode | readonly XmlNode[] }

export interface XmlDocument {
  /** Name of the root element, without a namespace prefix. */
  readonly root: string
  readonly node: XmlNode
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
})

/**
 * Parses an answer of an object store. Returns undefined for anything else, such as a web page. A document type,
 * and with it entities of the sender's own, is never accepted.
 */
export function parseXml(text: string): XmlDocument | undefined {
  if (!/^\s*<[?A-Za-z]/.test(text) || /<!DOCTYPE/i.test(text)) return undefined
  try {
    const document: Record<string, XmlNode> = parser.parse(text, true)
    const root = Object.keys(document).find((name) => name !== '#text')
    const node = root === undefined ? undefined : document[root]
    return root === undefined || node === undefined ? undefined : { root, node }
  } catch {
    return undefined
  }
}

/** The children of that name. */
export function children(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  const found = typeof node === 'object' ? node[name] : undefined
  if (found === undefined) return []
  return Array.isArray(found) ? found : [found as XmlNode]
}

/** The text of the first child of that name, or undefined if there is none. */
export function textOf(node: XmlNode | undefined, name: string): string | undefined {
  const [first] = children(node, name)
  return typeof first === 'string' ? first : undefined
}

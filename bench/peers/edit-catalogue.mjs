/**
 * edit-catalogue.mjs FILE: reads a catalogue, plans a new version of every image, and edits all of them; as
 * a run does, but for the network and the disk.
 */
import { readFileSync } from 'node:fs'

const load = (/** @type {string} */ path) =>
  import(new URL(`../../dist/catalog/${path}`, import.meta.url).href)
const { parseCatalog } = await load('parse.js')
const { editEach } = await load('edit.js')

const [, , path = ''] = process.argv
const text = readFileSync(path, 'utf8')
/** @type {{ index: number, name: string, versions: object[] }[]} */
const images = parseCatalog(path, text).images
const after = { version: '20260705', buildDate: '2026-07-05', checksum: `sha256:${'1'.repeat(64)}` }
const edits = images.map(({ index, name, versions: [before] }) => ({ index, name, before, after }))
const { failed } = editEach(path, text, edits)
if (failed.length > 0) throw new Error(`${failed.length} of ${images.length} are not edited`)

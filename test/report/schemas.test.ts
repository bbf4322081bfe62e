import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { formatJsonSchema, publishedSchemas } from '../../src/report/schemas.ts'
import { cli, temporaryFolder } from '../cli/support.ts'

describe('the schema of a report', () => {
  it.each(Object.entries(publishedSchemas))(
    '%s is published, and current (npm run schema)',
    (name, schema) => {
      expect(readFileSync(`schema/${name}.schema.json`, 'utf8')).toBe(formatJsonSchema(schema))
      const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
      expect(exports[`./schema/${name}.json`]).toBe(`./schema/${name}.schema.json`)
    },
  )
})

const before = `images:
  - name: Ubuntu 16.04
    shortname: ubuntu-16.04
    format: qcow2
    login: ubuntu
    min_disk: 8
    min_ram: 512
    meta: { architecture: x86_64, os_distro: ubuntu, os_version: '16.04' }
    versions:
      - version: '20240101'
        url: https://a.example/1.qcow2
  - name: Ubuntu
    enable: true
  - name: Gone
`
const after = before
  .replace('20240101', '20250101')
  .replace('min_disk: 8', 'min_disk: 10')
  .replace('https://a.example/1.qcow2', 'https://a.example/2.qcow2\n        checksum: sha256:00')
  .replace('Gone', 'New')

/** Two states of a catalogue, the first with an error of its syntax beside it if that is asked for. */
function catalogues({ isBroken = false } = {}): readonly [before: string, after: string] {
  const root = temporaryFolder()
  const [old, now] = [join(root, 'old'), join(root, 'now')]
  for (const [folder, text] of [
    [old, before],
    [now, after],
  ] as const) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'a.yml'), text)
  }
  if (isBroken) writeFileSync(join(old, 'b.yml'), 'images: [')
  return [old, now]
}

describe('the JSON document', () => {
  const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true, date: true } })

  /** Compares with the published schema, and with one that lets no unknown key through. */
  async function documentOf(name: string, args: readonly string[]) {
    const { out } = await cli([...args, '--output', 'json'])
    const document = JSON.parse(out)
    const schema = publishedSchemas[name] ?? z.never()
    for (const one of [JSON.parse(formatJsonSchema(schema)), z.toJSONSchema(schema, { io: 'output' })]) {
      const validate = ajv.compile(one)
      expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
    }
    return document
  }

  it('of list, diff, validate and lifecycle follows its schema, key by key in its order', async () => {
    const [old, now] = catalogues()
    const listed = await documentOf('list', ['list', '--include-disabled', '--images', old])
    expect(listed.images).toHaveLength(3)
    const compared = await documentOf('diff', ['diff', old, now])
    expect(compared.summary).toEqual({ added: 1, removed: 1, changed: 1 })
    expect(Object.keys(compared)).toEqual(['schema_version', 'summary', 'images'])
    const validated = await documentOf('validate', ['validate', '--images', old])
    expect(validated.findings.length).toBeGreaterThan(3)
    expect(Object.keys(validated)).toEqual([
      'schema_version',
      'exit_status',
      'summary',
      'findings',
      'ignored',
    ])
    const lives = await documentOf('lifecycle', ['lifecycle', '--offline', '--fix', '--images', old])
    expect(lives.changes).toHaveLength(1)
    expect(Object.keys(lives)).toEqual([
      ...['schema_version', 'exit_status', 'today', 'dates_of', 'within_days', 'dry_run'],
      ...['releases', 'failures', 'changes', 'switched_off'],
    ])
    expect(Object.keys(lives.releases[0])).toEqual([
      ...['status', 'product', 'label', 'release', 'released', 'images', 'end_of_life', 'days_left'],
    ])
  })

  it('of a file that cannot be read follows the schema, or that of a refusal', async () => {
    const [old, now] = catalogues({ isBroken: true })
    const validated = await documentOf('validate', ['validate', '--images', old])
    expect(validated).toMatchObject({ exit_status: 1, summary: { files: 2 } })
    for (const args of [
      ['list', '--images', old],
      ['diff', old, now],
      ['init', 'no-such-distribution'],
    ]) {
      expect(await documentOf('refusal', args)).toMatchObject({ command: args[0], exit_status: 2 })
    }
  })
})

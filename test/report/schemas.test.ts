import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatJsonSchema, publishedSchemas } from '../../src/report/schemas.ts'

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

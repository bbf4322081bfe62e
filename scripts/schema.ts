import { writeFileSync } from 'node:fs'
import { formatJsonSchema, publishedSchemas } from '../src/report/schemas.ts'
import { configurationSchema } from './configuration-schema.ts'

function write(name: string, text: string): void {
  writeFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), text)
}

for (const [name, schema] of Object.entries(publishedSchemas)) write(name, formatJsonSchema(schema))
write('configuration', configurationSchema())

import { writeFileSync } from 'node:fs'
import { reportJsonSchema } from '../src/report/json-schema.ts'
import { configurationSchema } from './configuration-schema.ts'

function write(name: string, text: string): void {
  writeFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), text)
}

write('report', reportJsonSchema())
write('configuration', configurationSchema())

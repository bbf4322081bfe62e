import { writeFileSync } from 'node:fs'
import { checkJsonSchema } from '../src/report/check-schema.ts'
import { reportJsonSchema } from '../src/report/json-schema.ts'
import { configurationSchema } from './configuration-schema.ts'

function write(name: string, text: string): void {
  writeFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), text)
}

write('check', checkJsonSchema())
write('report', reportJsonSchema())
write('configuration', configurationSchema())

import { writeFileSync } from 'node:fs'
import { reportJsonSchema } from '../src/report/json-schema.ts'

writeFileSync(new URL('../schema/report.schema.json', import.meta.url), reportJsonSchema())

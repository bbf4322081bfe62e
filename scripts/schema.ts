import { writeFileSync } from 'node:fs'
import { checkJsonSchema } from '../src/report/check-schema.ts'
import { reportJsonSchema } from '../src/report/json-schema.ts'
import { mirrorJsonSchema } from '../src/report/mirroring-schema.ts'
import { pruneJsonSchema } from '../src/report/pruning-schema.ts'
import { verifyJsonSchema } from '../src/report/verification-schema.ts'
import { configurationSchema } from './configuration-schema.ts'

function write(name: string, text: string): void {
  writeFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), text)
}

write('check', checkJsonSchema())
write('mirror', mirrorJsonSchema())
write('prune', pruneJsonSchema())
write('report', reportJsonSchema())
write('verify', verifyJsonSchema())
write('configuration', configurationSchema())

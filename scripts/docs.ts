/** Writes the parts of the documentation that are made from the program. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { generatedDocs } from './reference/generated.ts'

for (const [path, text] of Object.entries(generatedDocs())) {
  const url = new URL(`../${path}`, import.meta.url)
  mkdirSync(new URL('.', url), { recursive: true })
  writeFileSync(url, text)
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { scaffold } from './reference/scaffold.ts'

const root = new URL('../', import.meta.url)
const [name] = process.argv.slice(2)

/** Lays out a new resolver: its module, its case in the contract suite, its line in both lists. */
const files = scaffold(name, (path) => {
  const url = new URL(path, root)
  return existsSync(url) ? readFileSync(url, 'utf8') : undefined
})
if ('refusal' in files) {
  console.error(files.refusal)
  process.exitCode = 2
} else {
  for (const [path, text] of Object.entries(files.texts)) {
    writeFileSync(new URL(path, root), text)
    console.log(`wrote ${path}`)
  }
  console.log(
    `Now: write the facts into src/discovery/resolvers/${name}.ts, the traps into test/contract/cases/${name}.ts and the images
into catalog/${name}.yml, then
  npx vitest run test/contract test/discovery test/init test/e2e/layouts.test.ts && npm run docs
docs/adding-a-distribution.md has the rest.`,
  )
}

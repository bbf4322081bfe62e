/** Builds the command into dist/command. Packages are in it, so their licences are beside it. */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleCommand } from './bundle-command.ts'

const folder = 'dist/command'

const files = await bundleCommand(folder)
await writeFile(join(folder, 'LICENSES.txt'), await licencesOf(files))

/** The licence texts of the packages that these files belong to. */
async function licencesOf(inputs: readonly string[]): Promise<string> {
  const packages = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  const texts = await Promise.all([...packages].sort().map(licenceOf))
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

async function licenceOf(path: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'))
  const file = (await readdir(path)).find((entry) => /^licen[cs]e/i.test(entry))
  const text =
    file !== undefined && existsSync(join(path, file)) ? await readFile(join(path, file), 'utf8') : ''
  return `${name} ${version} (${license})\n\n${text.trim()}\n`
}

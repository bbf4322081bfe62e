/**
 * The command as few files that start fast (dist/command): what a run of it loads are some large files
 * instead of a thousand small ones. Packages are in it, so their licences are beside it.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const folder = 'dist/command'

const { metafile } = await build({
  entryPoints: {
    main: 'src/cli/start.ts',
    'digest-worker': 'src/transfer/digest-worker.mjs',
    // What the fault suite changes before the command starts: they have to be the command's own.
    policy: 'src/http/policy.ts',
    resolvers: 'src/discovery/resolvers/index.ts',
  },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  // Under the LGPL: whoever has the command may put another version of it in its place.
  external: ['openpgp'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Some packages say only so that they have ES modules, of which what is not used can be left out.
  mainFields: ['module', 'main'],
  // CommonJS packages ask for Node's modules by `require`, which ES modules lack.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
  metafile: true,
  logLevel: 'warning',
})
await writeFile(join(folder, 'LICENSES.txt'), await licencesOf(Object.keys(metafile.inputs)))

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

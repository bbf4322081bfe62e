import { build } from 'esbuild'

/**
 * Bundles the command as few files that start fast: what a run of it loads are some large files instead of a thousand
 * small ones.
 * @returns the files that are in it
 */
export async function bundleCommand(folder: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: {
      start: 'src/cli/start.ts',
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
  return Object.keys(metafile.inputs)
}

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundleCommand } from '../../scripts/bundle-command.ts'

/** Milliseconds. A worker ends without a word: what it has bundled is removed by a later one. */
const hour = 3_600_000

let bundled: Promise<string> | undefined

/**
 * Bundles the command as it stands in src/, once for each worker, and returns the module that Node runs. It starts
 * in a tenth of the time that a thousand modules take which have to be compiled first.
 */
export function bundledCommand(): Promise<string> {
  bundled ??= bundle()
  return bundled
}

async function bundle(): Promise<string> {
  // Below node_modules, where packages that are not bundled are found.
  const caches = resolve('node_modules/.cache')
  mkdirSync(caches, { recursive: true })
  for (const old of readdirSync(caches).filter((name) => name.startsWith('command-'))) {
    const path = join(caches, old)
    if (Date.now() - statSync(path).mtimeMs > hour) rmSync(path, { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(caches, 'command-'))
  await bundleCommand(folder)
  return join(folder, 'start.mjs')
}

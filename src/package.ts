import { existsSync, readFileSync } from 'node:fs'

/** The folder of this package, wherever in it this module has been built to; what ships with it lies there. */
export function packageFolder(): URL {
  let folder = new URL('./', import.meta.url)
  while (!existsSync(new URL('package.json', folder)) && folder.pathname !== '/')
    folder = new URL('../', folder)
  return folder
}

/** The version of this package. */
export function version(): string {
  const text = readFileSync(new URL('package.json', packageFolder()), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

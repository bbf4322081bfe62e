import { readFileSync } from 'node:fs'

/** The folder of this package, wherever in it this module has been built to; what ships with it lies there. */
export const packageFolder = new URL('./', import.meta.resolve('openstack-image-updater/package.json'))

/** The version of this package. */
export function version(): string {
  const text = readFileSync(new URL('package.json', packageFolder), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Where this program keeps one kind of thing for itself: `$XDG_CACHE_HOME/image-updater/NAME`, by default below
 * `~/.cache`.
 * @throws the system's error where this user has no home folder
 */
export function cacheFolder(name: string, environment: NodeJS.ProcessEnv): string {
  const configured = environment.XDG_CACHE_HOME ?? ''
  const base = isAbsolute(configured) ? configured : join(homedir(), '.cache')
  return join(base, 'image-updater', name)
}

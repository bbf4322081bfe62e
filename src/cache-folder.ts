import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Where this program keeps one kind of thing for itself: `$XDG_CACHE_HOME/image-updater/NAME`, by default below
 * `~/.cache`; undefined where there is neither.
 */
export function cacheFolder(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const configured = environment.XDG_CACHE_HOME ?? ''
  const home = homeFolder()
  if (isAbsolute(configured)) return join(configured, 'image-updater', name)
  return home && join(home, '.cache', 'image-updater', name)
}

/** This user's home folder; undefined without HOME where the system does not know the user, as in many containers. */
export function homeFolder(): string | undefined {
  try {
    const home = homedir()
    return isAbsolute(home) ? home : undefined
  } catch {
    return undefined
  }
}

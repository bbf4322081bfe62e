import { afterEach, describe, expect, it, vi } from 'vitest'
import { stateFolder } from '../src/state.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe('the folder of what a machine remembers', () => {
  it.each<[string, number, NodeJS.ProcessEnv, string]>([
    ['of root', 0, {}, '/var/lib/image-updater'],
    ['of another user', 1000, {}, '/home/x/.local/state/image-updater'],
    ['of root with XDG_STATE_HOME', 0, { XDG_STATE_HOME: '/state' }, '/state/image-updater'],
    ['with a relative XDG_STATE_HOME', 1000, { XDG_STATE_HOME: 's' }, '/home/x/.local/state/image-updater'],
  ])('%s', (_, user, environment, folder) => {
    vi.stubEnv('HOME', '/home/x')
    vi.spyOn(process, 'getuid').mockReturnValue(user)
    expect(stateFolder(environment)).toBe(folder)
  })
})

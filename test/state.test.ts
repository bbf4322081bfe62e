import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { forget, openMemory, recall, remember, stateFolder } from '../src/state.ts'
import { temporaryFolder } from './cli/support.ts'

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

describe('what a machine remembers', () => {
  it('is there until it is forgotten, for its user alone', async () => {
    const folder = join(temporaryFolder(), 'a/b')
    await remember(folder, 'x', { one: 1 })
    expect(await recall(folder, 'x')).toEqual({ one: 1 })
    expect(JSON.parse(readFileSync(join(folder, 'x.json'), 'utf8'))).toEqual({ format: 1, value: { one: 1 } })
    await forget(folder, 'x')
    expect(await recall(folder, 'x')).toBeUndefined()
    await forget(folder, 'x')
  })

  it('is taken over from an older version, which wrote the value alone', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'x.json'), '{"one":1}')
    expect(await recall(folder, 'x')).toEqual({ one: 1 })
    await remember(folder, 'x', { one: 2 })
    expect(await recall(folder, 'x')).toEqual({ one: 2 })
  })

  it.each<[string, string, (path: string) => void, RegExp]>([
    ['of a newer version', '{"format":2,"value":{}}', () => {}, /has the format 2, and this version reads 1/],
    ['of an unknown form', '{"format":"a","value":{}}', () => {}, /has the format "a"/],
    ['damaged', '{"format":1,"val', () => {}, /is damaged/],
    ['empty', '', () => {}, /is damaged/],
    ['no object', '7', () => {}, /is damaged/],
    ['that others may write', '{"format":1,"value":{}}', (path) => chmodSync(path, 0o666), /another user/],
  ])('is not believed, overwritten or removed where a file is %s', async (_, text, change, message) => {
    const folder = temporaryFolder()
    const path = join(folder, 'x.json')
    writeFileSync(path, text)
    change(path)
    const refused = { code: 'CONFIGURATION', message: expect.stringMatching(message) }
    await expect(recall(folder, 'x')).rejects.toMatchObject(refused)
    await expect(remember(folder, 'x', {})).rejects.toMatchObject(refused)
    await expect(forget(folder, 'x')).rejects.toMatchObject(refused)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('is told once where it is lost or does not count, and stops no run', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'x.json'), '{')
    mkdirSync(join(folder, 'y.json'))
    const told: string[] = []
    const memory = openMemory(folder, (message) => told.push(message))
    expect(await memory.recall('x', 'Things')).toBeUndefined()
    await memory.remember('x', {}, 'Things')
    await memory.forget('y', 'Things')
    expect(told).toEqual([
      expect.stringMatching(/^Things are not remembered: .*x\.json does not count: it is damaged\. Look at/),
      expect.stringMatching(/y\.json does not count: it is no file/),
    ])
    await memory.remember('x', {}, 'Things')
    expect(told.length).toBe(2)
    const nowhere = openMemory('/proc/image-updater', (message) => told.push(message))
    await nowhere.remember('x', {}, 'Things')
    await openMemory(undefined, (message) => told.push(message)).remember('x', {}, 'Things')
    expect(told.slice(2)).toEqual([
      expect.stringMatching(/^Things are not remembered: \/proc\/image-updater: .*--state-dir/),
      expect.stringMatching(/^Things are not remembered: there is no folder for them/),
    ])
    expect(existsSync(join(folder, 'y.json'))).toBe(true)
  })
})

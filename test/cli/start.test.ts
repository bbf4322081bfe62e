import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileCacheFolder } from '../../src/cli/compile-cache.ts'
import { version } from '../../src/package.ts'
import { temporaryFolder } from './support.ts'

const command = resolve('bin/image-updater')

describe.skipIf(!existsSync('dist/command/start.mjs'))('the command (skipped where it is not built)', () => {
  function run(home: string, program: string, ...args: string[]): string {
    const env = { PATH: process.env.PATH, HOME: home }
    const { stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' })
    return `${stdout}${stderr}`.trim()
  }

  it('runs by its path, by a link as npm makes them, and by node', () => {
    const home = temporaryFolder()
    const link = join(home, 'image-updater')
    symlinkSync(command, link)
    expect(run(home, command, '--version')).toBe(version())
    expect(run(home, link, '--version')).toBe(version())
    expect(run(home, process.execPath, command, '--version')).toBe(version())
  })

  it('hands its arguments on as they are', () => {
    const said = run(temporaryFolder(), command, 'validate', '--images', "/no such/folder's $HOME")
    expect(said).toContain("/no such/folder's $HOME")
  })

  it('runs where there is no folder for its cache', () => {
    expect(run('/dev/null', command, '--version')).toBe(version())
  })
})

describe('the folder of compiled modules', () => {
  const isRoot = process.getuid?.() === 0

  it('is made for this user alone, below the folder of caches', () => {
    const base = join(temporaryFolder(), 'cache')
    const folder = compileCacheFolder({ XDG_CACHE_HOME: base })
    expect(folder).toBe(join(base, 'image-updater', 'compiled'))
    expect(statSync(folder ?? '').mode & 0o777).toBe(0o700)
    expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBe(folder)
  })

  it('is not used where it cannot be made', () => {
    const base = temporaryFolder()
    expect(compileCacheFolder({ XDG_CACHE_HOME: join(base, 'missing', 'cache') })).toBeUndefined()
    expect(existsSync(join(base, 'missing'))).toBe(false)
    writeFileSync(join(base, 'file'), '')
    expect(compileCacheFolder({ XDG_CACHE_HOME: join(base, 'file') })).toBeUndefined()
  })

  it.each(['.', 'image-updater', 'image-updater/compiled'])(
    'is not used where every user can write to %s',
    (path) => {
      const base = temporaryFolder()
      mkdirSync(join(base, 'image-updater', 'compiled'), { recursive: true })
      chmodSync(join(base, path), 0o777)
      expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBeUndefined()
    },
  )

  it('is used below a folder like /tmp, where users cannot touch what others have', () => {
    const base = temporaryFolder()
    chmodSync(base, 0o1777)
    expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBeDefined()
  })

  it.skipIf(!isRoot).each(['.', 'image-updater', 'image-updater/compiled'])(
    'is not used where %s belongs to another user (skipped but for root)',
    (path) => {
      const base = temporaryFolder()
      mkdirSync(join(base, 'image-updater', 'compiled'), { recursive: true })
      chownSync(join(base, path), 12345, 12345)
      expect(compileCacheFolder({ XDG_CACHE_HOME: base })).toBeUndefined()
    },
  )
})

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scaffold } from '../../scripts/reference/scaffold.ts'

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)

describe('npm run new-resolver', () => {
  it.each([[undefined], ['Example'], ['../x'], ['a b'], ['9front'], ['']])('refuses the name %j', (name) => {
    expect(scaffold(name, read)).toMatchObject({ refusal: expect.stringContaining('Usage') })
  })

  it('refuses a resolver that is there', () => {
    expect(scaffold('ubuntu', read)).toEqual({ refusal: 'There is a resolver ubuntu already' })
  })
})

describe('what it lays out', () => {
  let copy: string
  const inCopy = (program: string, ...args: string[]) =>
    execFileSync(process.execPath, [join('node_modules', program), ...args], {
      cwd: copy,
      stdio: 'pipe',
      maxBuffer: 64 * 1024 * 1024,
    })

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'image-updater-scaffold-'))
    for (const path of [
      'src',
      'docs/examples',
      'test/contract',
      'test/discovery',
      'test/support',
      'package.json',
      'biome.json',
      'vitest.config.ts',
      'tsconfig.json',
    ]) {
      cpSync(path, join(copy, path), { recursive: true })
    }
    writeFileSync(join(copy, '.gitignore'), 'node_modules\n')
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
    const scaffolded = scaffold('new-example', read)
    for (const [path, text] of Object.entries('texts' in scaffolded ? scaffolded.texts : {})) {
      writeFileSync(join(copy, path), text)
    }
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  it('passes the linter', () => {
    const paths = ['src/discovery/resolvers', 'test/contract/cases']
    expect(() => inCopy('@biomejs/biome/bin/biome', 'check', '--vcs-enabled=false', ...paths)).not.toThrow()
  })

  it('passes the contract suite', () => {
    const run = inCopy('vitest/vitest.mjs', 'run', 'test/contract/resolvers.test.ts', '-t', 'new-example')
    expect(run.toString()).toMatch(/Tests .*\d\d passed/)
  })
})

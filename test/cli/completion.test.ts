import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { describeCommands } from '../../scripts/reference/commands.ts'
import { joinAtEquals, unquote } from '../../src/cli/completion/candidates.ts'
import { bundledCommand } from '../support/command.ts'
import { cli, temporaryFolder } from './support.ts'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
  const catalogue = join(folder, 'catalogue')
  mkdirSync(catalogue)
  writeFileSync(
    join(catalogue, 'a.yml'),
    'images:\n  - name: Alpha 1\n    shortname: alpha-1\n  - name: Beta Long Name\n  - shortname: nameless\n',
  )
  writeFileSync(join(catalogue, 'broken.yml'), 'images: [')
  writeFileSync(join(catalogue, 'odd.yaml'), '- images')
  vi.stubEnv('IMAGE_UPDATER_IMAGES', catalogue)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

async function candidates(shell: string, ...words: string[]): Promise<string[]> {
  const { status, out } = await cli(['__complete', shell, '--', ...words])
  expect(status).toBe(0)
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '')
}

const commands = [...describeCommands().commands.map(({ name }) => name), 'help']

describe('candidates', () => {
  it.each([
    [['--sig'], ['values', '--signatures']],
    [
      ['update', '--mirror-'],
      ['values', '--mirror-dir', '--mirror-base-url', '--mirror-key-prefix'],
    ],
    [
      ['--output', ''],
      ['values', 'text', 'json'],
    ],
    [
      ['--output', 'j'],
      ['values', 'json'],
    ],
    [
      ['--show-completion', ''],
      ['values', 'bash', 'zsh', 'fish'],
    ],
    [
      ['--show-completion', '--ver'],
      ['values', '--verify', '--version'],
    ],
    [['--images', ''], ['files']],
    [['--mirror-dir', ''], ['directories']],
    [['--keyring=x'], ['directories']],
    [['--jobs', ''], ['values']],
    [['--bogus=x'], ['values']],
    [[''], ['values', ...commands, 'alpha-1', 'Beta Long Name', 'a']],
    [['u'], ['values', 'update']],
    [
      ['help', ''],
      ['values', ...commands],
    ],
    [
      ['--debug', 'help', 'ch'],
      ['values', 'check'],
    ],
    [['update', 'u'], ['values']],
    [
      ['--dry-run', 'Al'],
      ['values', 'Alpha 1'],
    ],
    [
      ['x', 'alpha'],
      ['values', 'alpha-1'],
    ],
    [['"Beta L'], ['values', 'Beta Long Name']],
    [['Beta\\ L'], ['values', 'Beta Long Name']],
    [
      ['--name', 'B'],
      ['values', 'Beta Long Name'],
    ],
    [['--', '--sig'], ['values']],
    [
      ['--images', '/nowhere', ''],
      ['values', ...commands],
    ],
    [['--images=/nowhere', 'alp'], ['values']],
  ])('%j', async (words, expected) => {
    expect(await candidates('zsh', ...words)).toEqual(expected)
  })

  it('looks into the catalogue of the configuration file', async () => {
    vi.stubEnv('IMAGE_UPDATER_IMAGES', '')
    const file = join(folder, 'conf.yml')
    writeFileSync(file, 'images: catalogue\n')
    expect(await candidates('zsh', '--config', file, 'al')).toEqual(['values', 'alpha-1'])
    expect(await candidates('zsh', 'serve', `--config=${file}`, 'al')).toEqual(['values', 'alpha-1'])
    vi.stubEnv('IMAGE_UPDATER_CONFIG', file)
    expect(await candidates('zsh', 'list', '')).toEqual(['values', 'alpha-1', 'Beta Long Name', 'a'])
    expect(await candidates('zsh', '--no-config', 'al')).toEqual(['values'])
    expect(await candidates('zsh', '--images', '/nowhere', 'al')).toEqual(['values'])
    writeFileSync(file, 'imagos: catalogue\n')
    expect(await candidates('zsh', 'al')).toEqual(['values'])
    expect(await candidates('zsh', '--config', '')).toEqual(['files'])
  })

  it('has the distributions of init', async () => {
    expect(await candidates('zsh', 'init', 'ub')).toEqual(['values', 'ubuntu'])
    expect(await candidates('zsh', 'init', 'al')).toEqual(expect.arrayContaining(['almalinux', 'all']))
  })

  it('keeps the option before its value for fish and not for the others', async () => {
    expect(await candidates('fish', '--output=j')).toEqual(['values', '--output=json'])
    expect(await candidates('zsh', '--output=j')).toEqual(['values', 'json'])
    expect(await candidates('bash', '--output', '=', 'j')).toEqual(['values', 'json'])
    expect(await candidates('bash', '--output', '=')).toEqual(['values', 'text', 'json'])
  })

  it('joins what bash has split and takes quotes off', () => {
    expect(joinAtEquals(['a', '--b', '=', 'c', 'd', '=', 'e'])).toEqual(['a', '--b=c', 'd', '=', 'e'])
    expect(["'a\\b", '"a\\"b"', 'a\\ b', 'plain'].map(unquote)).toEqual(['a\\b', 'a"b', 'a b', 'plain'])
  })
})

const main = await bundledCommand()

/** A folder with the command `image-updater` in it. */
function commandFolder(): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const command = join(bin, 'image-updater')
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`)
  chmodSync(command, 0o755)
  return bin
}

function inShell(shell: string, script: string, ...args: string[]) {
  const path = `${commandFolder()}:${process.env.PATH}`
  const options = {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, HOME: folder, PATH: path },
  } as const
  const { stdout, stderr } = spawnSync(shell, [...args, '-c', script], options)
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0

describe.skipIf(!has('bash'))('in bash (skipped where it is not installed)', () => {
  it('completes options, values, names with spaces, and files', () => {
    const lines = inShell(
      'bash',
      `eval "$(image-updater --show-completion bash)"
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _image_updater image-updater; printf '%s|' "\${COMPREPLY[@]}"; echo; }
      try image-updater --sig
      try image-updater --output = j
      try image-updater Beta
      try image-updater '"Beta'
      try image-updater --images cat
      try image-updater --mirror-dir ''
      complete -p image-updater`,
    )
    expect(lines).toEqual([
      '--signatures|',
      'json|',
      'Beta\\ Long\\ Name|',
      'Beta Long Name|',
      'catalogue|',
      expect.stringMatching(/^(bin\|catalogue|catalogue\|bin)\|$/),
      'complete -F _image_updater image-updater',
    ])
  })
})

describe.skipIf(!has('fish'))('in fish (skipped where it is not installed)', () => {
  it('completes options, values, names and folders', () => {
    const lines = inShell(
      'fish',
      `image-updater --show-completion fish | source
      complete -C 'image-updater --sig'
      complete -C 'image-updater --output=j'
      complete -C 'image-updater Beta'
      complete -C 'image-updater --mirror-dir cata'`,
      '--no-config',
    )
    expect(lines.map((line) => line.split('\t')[0])).toEqual([
      '--signatures',
      '--output=json',
      'Beta Long Name',
      'catalogue/',
    ])
  })
})

describe.skipIf(!has('zsh'))('in zsh (skipped where it is not installed)', () => {
  it('hands the candidates to compadd', () => {
    const lines = inShell(
      'zsh',
      `compdef() { echo "compdef $*"; }
      compadd() { echo "compadd $*: $values / $shown"; }
      compset() { echo "compset $*"; }
      _files() { echo "_files $*"; }
      eval "$(image-updater --show-completion zsh)"
      try() { words=("$@"); CURRENT=$#; PREFIX=$words[-1]; _image_updater; }
      try image-updater --sig
      try image-updater --output=j
      try image-updater Beta
      try image-updater --images cat
      try image-updater --mirror-dir ''`,
      '-f',
    )
    expect(lines).toEqual([
      'compdef _image_updater image-updater',
      'compadd -l -d shown -a values: --signatures / --signatures  -- OpenPGP signatures of checksum files and images',
      'compset -P *=',
      'compadd -l -d shown -a values: json / json',
      'compadd -l -d shown -a values: Beta Long Name / Beta Long Name',
      '_files ',
      '_files -/',
    ])
  })
})

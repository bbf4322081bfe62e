import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { renderFlame } from '../bench/flame/render.ts'
import { readStacks } from '../bench/flame/stacks.ts'
import { isInMemory, measure, median } from '../bench/measure.ts'

const isBuilt = existsSync('dist/command/start.mjs')
if (!isBuilt) process.stderr.write('dist/ is missing (npm run build): the benchmarks are not tried\n')
const hasDisk = !(await isInMemory(tmpdir()))
if (!hasDisk) process.stderr.write(`${tmpdir()} is in memory: what goes to a disk is not counted there\n`)

/** That they run and count, at tiny sizes; nothing here looks at a time. */
test.skipIf(!isBuilt)('npm run bench measures every contestant and says what it found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const json = join(folder, 'results.json')
  const names = [
    'startup-help',
    'check-0ms',
    'transfer-sha256',
    'transfer-folder',
    'transfer-gz',
    'memory-gz',
  ]
  const { stdout } = await promisify(execFile)('node_modules/.bin/tsx', [
    ...['bench/main.ts', ...names],
    ...['--rounds', '1', '--scale', '0.002', '--json', json],
  ])
  const { results } = JSON.parse(await readFile(json, 'utf8'))
  expect(results.map((result: { name: string }) => result.name)).toEqual(names)
  for (const { name, lines } of results) {
    expect(stdout).toContain(`### ${name}: `)
    expect(lines[0].times).toHaveLength(1)
    expect(lines[0].time).toBeGreaterThan(0)
  }
})

test('a filter that chooses nothing is an error that names the benches', async () => {
  const run = promisify(execFile)('node_modules/.bin/tsx', ['bench/main.ts', 'no-such-bench'])
  await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('check-100ms') })
})

test('the median of an even number of values is the mean of the middle two', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})

test.skipIf(!hasDisk)(
  'what the children of a program write counts, also in files that are gone',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const script = '(head -c 1048576 /dev/zero | tee "$1/a" | cat > "$1/b"); rm "$1/a" "$1/b"'
    const { written } = await measure('/bin/sh', ['-ec', script, 'test', folder])
    expect(written).toBeGreaterThanOrEqual(2 * 2 ** 20)
  },
)

test('a flame graph has one box for all calls of a function by the same one, and leaves waiting out', () => {
  const url = `file://${process.cwd()}/node_modules/yaml/index.js`
  const frame = (functionName: string, lineNumber = 0) => ({ functionName, url, lineNumber })
  const stacks = readStacks({
    nodes: [
      { id: 1, callFrame: { functionName: '(root)', url: '', lineNumber: -1 }, children: [2, 3, 5] },
      { id: 2, callFrame: frame('parse', 1) },
      { id: 3, callFrame: frame('parse', 9), children: [4] },
      { id: 4, callFrame: frame('<scan>') },
      { id: 5, callFrame: { functionName: '(idle)', url: '', lineNumber: -1 } },
    ],
    samples: [2, 3, 4, 5, 2],
    timeDeltas: [0, 1000, 1000, 6000, 500],
  })
  expect(stacks.idle).toBe(500)
  const svg = renderFlame('A test', stacks)
  expect([...svg.matchAll(/<title>(.*?)<\/title>/g)].map(([, title]) => title)).toEqual([
    'A test',
    'main thread: 8.0 ms, 100.0 %',
    'parse, yaml: 8.0 ms, 100.0 %',
    '&lt;scan&gt;, yaml: 6.0 ms, 75.0 %',
  ])
  expect(svg).toContain('packages 100.0 %')
  expect(svg).not.toContain(process.cwd())
})

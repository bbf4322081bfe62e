import { expect } from 'vitest'
import type { CloudRow } from './cloud-row.ts'
import {
  type CloudScene,
  imageName,
  openCloudScene,
  otherName,
  password,
  publishArgs,
  publishEnv,
} from './cloud-scene.ts'
import { type Ended, startCommand } from './command.ts'

/** Injects one fault into one publish, and checks what must hold after it, and after the next one. */
export async function runCloudRow(row: CloudRow): Promise<void> {
  const scene = await openCloudScene()
  try {
    await row.inject?.(scene)
    const { child, ended } = startCommand(
      [...publishArgs(scene), ...scene.args, ...(row.args ?? [])],
      { ...publishEnv(scene), TEST_POLICY: JSON.stringify(row.policy ?? {}), ...scene.env },
      scene.cwd,
    )
    scene.onEnd(() => child.kill('SIGKILL'))
    await row.during?.(scene, child)
    await check(row, scene, await ended)
    if (row.holds.next === 'same') return
    scene.heal()
    const { status, out, err } = await startCommand(publishArgs(scene), publishEnv(scene)).ended
    expect(status, `the next run: ${err}`).toBe(0)
    assertClean(out + err, scene)
    assertFound(scene, { image: 'new', other: 'new', left: 0 })
  } finally {
    await scene.end()
  }
}

async function check({ holds }: CloudRow, scene: CloudScene, { status, out, err }: Ended): Promise<void> {
  const { image, other = holds.status < 2 ? 'new' : 'none', left = 0, error = [] } = holds
  assertClean(out + err, scene)
  expect(out + err).not.toContain('INTERNAL')
  expect(status, out + err).toBe(holds.status)
  const document = JSON.parse(out)
  expect(document.exit_status).toBe(holds.status)
  expect([...new Set(codesOf(document))].sort(), out + err).toEqual([error].flat().sort())
  if (holds.says !== undefined) expect(`${out}\n${err}`).toMatch(holds.says)
  assertFound(scene, { image, other, left })
  await holds.more?.(scene)
}

/** Nobody's secret, no token, no stack, no control character, no warning of Node's, in any output. */
function assertClean(text: string, { cloud }: CloudScene): void {
  expect(text).not.toContain(password)
  const tokens = cloud.calls.flatMap(({ headers }) => headers['x-auth-token'] ?? [])
  for (const token of new Set(tokens.flat())) expect(text).not.toContain(token)
  expect(text).not.toMatch(/\n {4}at /)
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
  expect(text).not.toMatch(/\(node:\d+\)|Warning: /)
}

interface Failing {
  readonly error?: { readonly code: string }
}

function codesOf(document: {
  readonly clouds?: readonly (Failing & { readonly images: readonly Failing[] })[]
  readonly errors?: readonly { readonly code: string }[]
}): string[] {
  const { clouds = [], errors = [] } = document
  const failing = clouds.flatMap((cloud) => [cloud, ...cloud.images])
  return [...errors.map(({ code }) => code), ...failing.flatMap(({ error }) => error?.code ?? [])]
}

/** What users find in the cloud is whole, and what it is called. */
function assertFound(
  { cloud, builds, old, wrongs }: CloudScene,
  wanted: { readonly image: 'old' | 'new' | 'none'; readonly other: 'new' | 'none'; readonly left: number },
): void {
  expect(wrongs).toEqual([])
  const ours = cloud.images().filter(({ owner }) => owner === old.owner)
  const unfinished = ours.filter(
    ({ status, image_updater_journal: journal }) =>
      journal !== undefined || !['active', 'deactivated'].includes(status),
  )
  expect(unfinished.length, 'unfinished records').toBe(wanted.left)
  const bytesOf = (name: string) => {
    const [found, ...others] = ours.filter(
      (one) => one.name === name && one.visibility !== 'private' && !one.os_hidden,
    )
    expect(others, `others called ${name}`).toEqual([])
    return found && cloud.bytes(found.id)
  }
  const known = new Map([
    ['old', builds.old.bytes],
    ['new', builds.new.bytes],
  ])
  const found = bytesOf(imageName)
  const word = [...known].find(([, bytes]) => found && isOf(found, bytes))?.[0]
  expect(found === undefined ? 'none' : (word ?? 'other bytes'), imageName).toBe(wanted.image)
  const other = bytesOf(otherName)
  expect(
    other === undefined ? 'none' : isOf(other, builds.other.bytes) ? 'new' : 'other bytes',
    otherName,
  ).toBe(wanted.other)
}

/** Where Glance converts, its stand-in hangs a word onto the bytes. */
function isOf(stored: Buffer, sent: Buffer): boolean {
  return [sent, Buffer.concat([sent, Buffer.from('converted')])].some((one) => stored.equals(one))
}

import { join } from 'node:path'
import { check } from './check.ts'
import { startCommand } from './command.ts'
import type { Row } from './row.ts'
import { bystander, openScene, type Scene } from './scene.ts'

/** Injects one fault into one run of the command, and checks what must hold afterwards. */
export async function runRow(row: Row): Promise<void> {
  const scene = await openScene(row.image ?? 'rocky-9')
  try {
    await row.inject?.(scene)
    const names = [scene.image.shortname, bystander]
    const { child, ended } = startCommand(
      [...usual(scene, row), ...scene.args, ...(row.args ?? []), ...names],
      {
        HOME: scene.home,
        MINIO_ACCESS_KEY: scene.store.accessKey,
        MINIO_SECRET_KEY: scene.store.secretKey,
        TEST_POLICY: JSON.stringify(row.policy ?? {}),
        TEST_USAGE: join(scene.home, 'usage'),
        ...scene.env,
      },
    )
    scene.onEnd(() => child.kill('SIGKILL'))
    await row.during?.(scene, child)
    await check(row, scene, await ended)
  } finally {
    await scene.end()
  }
}

function usual({ folder, store, mirrorDir }: Scene, { mirror = 'store' }: Row): string[] {
  const place =
    mirror === 'store'
      ? ['--minio-server', store.endpoint, '--swift-prefix', store.swiftPrefix]
      : ['--mirror-dir', mirrorDir]
  return ['update', '--images', folder, '--output', 'json', ...place]
}

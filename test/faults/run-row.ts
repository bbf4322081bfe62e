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
      [...usualArgs(scene, row.mirror), ...scene.args, ...(row.args ?? []), ...names],
      {
        ...usualEnv(scene),
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

/** An update of the scene's catalogue. */
export function usualArgs(
  { folder, store, mirrorDir }: Scene,
  mirror: 'store' | 'folder' = 'store',
): readonly string[] {
  const place =
    mirror === 'store'
      ? ['--minio-server', store.endpoint, '--swift-prefix', store.swiftPrefix]
      : ['--mirror-dir', mirrorDir]
  return ['update', '--images', folder, '--output', 'json', ...place]
}

export function usualEnv({ home, store }: Scene): Readonly<Record<string, string>> {
  return { HOME: home, MINIO_ACCESS_KEY: store.accessKey, MINIO_SECRET_KEY: store.secretKey }
}

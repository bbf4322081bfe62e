import { exitStatusOf, toJson, UpdaterError, updateCatalogue } from 'openstack-image-updater'

try {
  const report = await updateCatalogue(
    { images: ['images'], mirror: { kind: 'directory', dir: 'mirror' }, keepVersions: 2 },
    {
      signal: AbortSignal.timeout(3_600_000),
      onEvent(event) {
        if (event.type === 'image' && event.step.type === 'warning') console.warn(event.step.message)
      },
    },
  )
  console.log(toJson(report)) // what `--output json` prints
  process.exitCode = exitStatusOf(report)
} catch (error) {
  if (!(error instanceof UpdaterError)) throw error
  console.error(error.code, error.message, error.remedy) // nothing was begun
  process.exitCode = 2
}

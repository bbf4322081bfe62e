import { exitStatusOf, publishCatalogue } from 'openstack-image-updater'

const report = await publishCatalogue({ images: ['images'], cloud: ['mycloud'], dryRun: true })
for (const { cloud, images, error: failure } of report.clouds) {
  if (failure !== undefined) console.error(cloud, failure.code, failure.message) // the other clouds are done
  for (const { name, status, findings, error } of images) {
    console.log(cloud, name, status, error?.message ?? findings.map(({ message }) => message).join(', '))
  }
}
process.exitCode = exitStatusOf(report)

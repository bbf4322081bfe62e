import { checkCatalogue, exitStatusOf, toMarkdown } from 'openstack-image-updater'

const report = await checkCatalogue({ images: ['images'], signatures: 'prefer' })
for (const { name, status, newest, warnings } of report.images) {
  console.log(name, status, newest?.version, ...warnings)
}
console.log(toMarkdown(report)) // what `--output markdown` prints
process.exitCode = exitStatusOf(report) // 10: there are updates

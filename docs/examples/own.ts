import { updateCatalogue } from 'openstack-image-updater'
import { buildServer } from './resolver.ts'
import { MemoryStore } from './store.ts'

const store = new MemoryStore()
const report = await updateCatalogue({
  images: ['images'],
  resolvers: [buildServer],
  mirror: { kind: 'store', store, baseUrl: 'https://images.example/' },
  checkPublic: false, // nobody serves the memory
})
console.log(report.summary.updated, [...store.objects.keys()])

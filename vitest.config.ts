import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The examples of docs/library.md import the library by its name.
  resolve: { alias: { 'openstack-image-updater': resolve('src/index.ts') } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**'],
    env: {
      XDG_CACHE_HOME: resolve('node_modules/.cache'),
      XDG_STATE_HOME: resolve('node_modules/.cache/state'),
    },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // A process for each worker, not for each file: to load the program anew for every file took a fifth of the time.
    isolate: false,
  },
})

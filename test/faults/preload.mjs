// Loaded into the command before its own code: what a test changes of the program's constants, so that a
// fault takes milliseconds instead of minutes and a key of the test is a pinned one.
import { subscribe } from 'node:diagnostics_channel'
import { openSync, writeFileSync } from 'node:fs'

const built = (/** @type {string} */ name) =>
  import(new URL(`../../dist/command/${name}.mjs`, import.meta.url).href)
const { resolvers } = await built('resolvers')
const { defaultPolicy } = await built('policy')
const { TEST_DESCRIPTORS, TEST_POLICY, TEST_PINS, TEST_USAGE } = process.env
Object.assign(defaultPolicy, JSON.parse(TEST_POLICY ?? '{}'))
for (const [name, pin] of Object.entries(JSON.parse(TEST_PINS ?? '{}'))) {
  Object.assign(
    resolvers.find((/** @type {{ name: string }} */ resolver) => resolver.name === name)?.signature ?? {},
    pin,
  )
}
process.on('SIGUSR2', () => {
  throw new Error('nobody foresaw this')
})
if (TEST_USAGE !== undefined) {
  process.on('exit', () => {
    try {
      writeFileSync(TEST_USAGE, String(process.resourceUsage().maxRSS))
    } catch {
      // Its disk may be the one that is full.
    }
  })
}
if (TEST_DESCRIPTORS !== undefined) {
  subscribe('net.client.socket', () => {
    try {
      for (;;) openSync('/dev/null', 'r')
    } catch {
      // All are taken.
    }
  })
}

import { PerformanceObserver } from 'node:perf_hooks'
import { expect, onTestFinished, test } from 'vitest'
import { client, failure, origin } from './world.ts'

/** Names that the process looks up from now on, in their order. */
function lookedUp(): string[] {
  const names: string[] = []
  const observer = new PerformanceObserver((list) => {
    names.push(...list.getEntries().map((entry) => entry.toJSON().detail.hostname))
  })
  observer.observe({ entryTypes: ['dns'] })
  onTestFinished(() => observer.disconnect())
  return names
}

test('a name is looked up once for connections that open together', async () => {
  const server = await origin({ '/a': 'a' })
  const names = lookedUp()
  const url = `http://localhost:${new URL(server.url).port}/a`
  const http = client()
  const answers = await Promise.all(Array.from({ length: 6 }, () => http.text(url)))
  expect(answers.map(({ text }) => text)).toEqual(Array(6).fill('a'))
  expect(await server.connections()).toBe(6)
  await expect.poll(() => names.length).toBeGreaterThan(0)
  expect(names).toEqual(['localhost'])
})

test('a name that is not known fails at once for all who ask together, and is looked up anew for the next', async () => {
  const http = client({ policy: { nameRetries: 0, retries: 0 } })
  const ask = async () => (await failure(http.text('http://no-such-host.invalid/'))).cause
  const [one, two] = await Promise.all([ask(), ask()])
  expect(one).toMatchObject({ syscall: 'getaddrinfo' })
  expect(two).toBe(one)
  expect(await ask()).not.toBe(one)
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A release as the API of endoflife.date tells it. */
export function cycle(name: string, eolFrom: string | null, more: object = {}): object {
  const releaseDate = '2020-01-01'
  return { name, label: name, releaseDate, isLts: false, isEol: false, eolFrom, isMaintained: true, ...more }
}

/** endoflife.date and Garden Linux's database on 127.0.0.1; what is not given is not found. */
export async function startDates(products: Readonly<Record<string, readonly object[] | string>>) {
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const found = products[url.replace('/api/v1/products/', '').replace('/', '')]
    if (found === undefined) response.writeHead(404).end()
    else if (typeof found === 'string') response.end(found)
    else if (url.startsWith('/api/')) response.end(JSON.stringify({ result: { releases: found } }))
    else response.end(JSON.stringify({ releases: found }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sources = { endOfLifeApi: `${base}/api/v1/`, gardenLinuxReleases: `${base}/gardenlinux.json` }
  const flags = ['--endoflife-api', `${base}/api/v1`, '--gardenlinux-releases', sources.gardenLinuxReleases]
  return { asked, sources, flags }
}

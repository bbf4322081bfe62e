import { z } from 'zod'
import type { HttpClient } from '../http/types.ts'
import { askForge, type Forge, type ForgeOptions } from './forge.ts'

const pull = z.object({ number: z.int(), html_url: z.string() }).transform((found) => {
  return { number: found.number, url: found.html_url }
})

/** https://docs.github.com/en/rest/pulls/pulls */
export function createGitHub(http: HttpClient, options: ForgeOptions): Forge {
  const { api, repository, token, base, remote = 'origin' } = options
  const pulls = `${api}/repos/${repository}/pulls`
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'x-github-api-version': '2022-11-28',
  }
  const [owner = ''] = repository.split('/')
  return {
    remote: { target: remote },
    author: {
      name: 'github-actions[bot]',
      email: '41898282+github-actions[bot]@users.noreply.github.com',
    },
    async find(branch) {
      const query = new URLSearchParams({ state: 'open', head: `${owner}:${branch}`, base })
      const found = z.array(pull).parse(await askForge(http, 'GET', `${pulls}?${query}`, headers))
      return found[0]
    },
    async open({ branch, title, body }) {
      return pull.parse(await askForge(http, 'POST', pulls, headers, { title, body, head: branch, base }))
    },
    async update({ number }, { title, body }) {
      return pull.parse(await askForge(http, 'PATCH', `${pulls}/${number}`, headers, { title, body }))
    },
  }
}

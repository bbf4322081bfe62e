import { z } from 'zod'
import type { HttpClient } from '../http/types.ts'
import { askForge, type Forge, type ForgeOptions } from './forge.ts'

const merge = z.object({ iid: z.int(), web_url: z.string() }).transform((found) => {
  return { number: found.iid, url: found.web_url }
})

/** https://docs.gitlab.com/api/merge_requests/ */
export function createGitLab(http: HttpClient, options: ForgeOptions): Forge {
  const { api, repository, token, base, remote = 'origin' } = options
  const merges = `${api}/projects/${encodeURIComponent(repository)}/merge_requests`
  const headers = { accept: 'application/json', 'private-token': token }
  const basic = Buffer.from(`image-updater:${token}`).toString('base64')
  return {
    remote: { target: remote, header: remote.includes('://') ? `Authorization: Basic ${basic}` : undefined },
    author: { name: 'image-updater', email: 'image-updater@localhost' },
    async find(branch) {
      const query = new URLSearchParams({ state: 'opened', source_branch: branch, target_branch: base })
      const found = z.array(merge).parse(await askForge(http, 'GET', `${merges}?${query}`, headers))
      return found[0]
    },
    async open({ branch, title, body }) {
      const value = {
        source_branch: branch,
        target_branch: base,
        title,
        description: body,
        remove_source_branch: true,
      }
      return merge.parse(await askForge(http, 'POST', merges, headers, value))
    },
    async update({ number }, { title, body }) {
      const value = { title, description: body }
      return merge.parse(await askForge(http, 'PUT', `${merges}/${number}`, headers, value))
    },
  }
}

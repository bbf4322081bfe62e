import { describe, expect, it } from 'vitest'
import type { HttpClient, RequestOptions } from '../../src/http/client.ts'
import { createDiscoveryHttp } from '../../src/http/discovery-http.ts'
import { nextRequest } from '../../src/http/redirect.ts'

/** What each URL was asked with. */
function recording(): Pick<HttpClient, 'text' | 'facts'> & {
  readonly asked: Record<string, RequestOptions['headers']>
} {
  const asked: Record<string, RequestOptions['headers']> = {}
  return {
    asked,
    async text(url, options) {
      asked[url] = options?.headers
      return { url, text: '', bytes: new Uint8Array() }
    },
    async facts(url, options) {
      asked[url] = options?.headers
      return { url, size: undefined, lastModified: undefined, etag: undefined, contentType: undefined }
    },
  }
}

const github = { authorization: 'Bearer gh-secret' }
const gitlab = { 'private-token': 'gl-secret' }

describe('tokens of APIs', () => {
  it.each<[string, Record<string, string>, Record<string, string> | undefined]>([
    ['https://api.github.com/repos/o/r/releases', { GITHUB_TOKEN: 'gh-secret' }, github],
    ['https://api.github.com/repos/o/r/releases', { GH_TOKEN: 'gh-secret' }, github],
    ['https://api.github.com/repos/o/r/releases', { GITHUB_TOKEN: '' }, undefined],
    ['https://api.github.com/repos/o/r/releases', { GITLAB_TOKEN: 'gl-secret' }, undefined],
    ['http://api.github.com/repos/o/r/releases', { GITHUB_TOKEN: 'gh-secret' }, undefined],
    ['https://api.github.com.evil.example/', { GITHUB_TOKEN: 'gh-secret' }, undefined],
    ['https://api.github.com:8443/', { GITHUB_TOKEN: 'gh-secret' }, undefined],
    ['https://github.com/o/r/releases/download/v1/x', { GITHUB_TOKEN: 'gh-secret' }, undefined],
    ['https://gitlab.com/api/v4/projects/1/packages', { GITLAB_TOKEN: 'gl-secret' }, gitlab],
    ['https://gitlab.com/o/r', { GITLAB_TOKEN: 'gl-secret' }, undefined],
    ['https://gitlab.example/api/v4/projects/1/packages', { GITLAB_TOKEN: 'gl-secret' }, undefined],
    [
      'https://gitlab.example/api/v4/x',
      { GITLAB_TOKEN: 'gl-secret', GITLAB_HOST: 'https://gitlab.example/' },
      gitlab,
    ],
    ['https://gitlab.com/api/v4/x', { GITLAB_TOKEN: 'gl-secret', GITLAB_HOST: 'gitlab.example' }, undefined],
    ['no url', { GITHUB_TOKEN: 'gh-secret' }, undefined],
  ])('%s with %j', async (url, env, headers) => {
    const http = recording()
    await createDiscoveryHttp(http, { env }).text(url)
    expect(http.asked[url]).toEqual(headers)
    await createDiscoveryHttp(http, { env }).facts(url)
    expect(http.asked[url]).toEqual(headers)
  })

  it.each([[github], [gitlab]])('are not handed on by a redirect to elsewhere', (headers) => {
    const request = {
      method: 'GET',
      url: new URL('https://api.github.com/a'),
      headers: { accept: '*/*', ...headers },
      signal: undefined,
    }
    const redirect = (location: string) =>
      nextRequest(request, { status: 302, headers: { location }, reach: 'public' })
    expect(redirect('https://objects.githubusercontent.com/x').headers).toEqual({ accept: '*/*' })
    expect(redirect('/b').headers).toEqual(request.headers)
  })
})

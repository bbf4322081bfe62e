import type { DiscoveryHttp, RequestOptions, TextOptions } from './types.ts'

/**
 * Asks the APIs of GitHub (`GITHUB_TOKEN`, `GH_TOKEN`) and GitLab (`GITLAB_TOKEN`, for gitlab.com or the host
 * that `GITLAB_HOST` names) with the token that the environment has. No other host, no plain http and no
 * redirect to elsewhere gets it.
 */
export function withTokens(
  http: DiscoveryHttp,
  env: Readonly<Record<string, string | undefined>>,
): DiscoveryHttp {
  const github = env.GITHUB_TOKEN || env.GH_TOKEN
  const gitlab = env.GITLAB_TOKEN
  const gitlabHost = (env.GITLAB_HOST || 'gitlab.com').replace(/^https:\/\//, '').replace(/\/$/, '')

  function headersFor(url: string): Record<string, string> {
    if (!URL.canParse(url)) return {}
    const { protocol, host, pathname } = new URL(url)
    if (protocol !== 'https:') return {}
    if (github && host === 'api.github.com') return { authorization: `Bearer ${github}` }
    if (gitlab && host === gitlabHost && pathname.startsWith('/api/')) return { 'private-token': gitlab }
    return {}
  }

  const withHeaders = <Options extends RequestOptions = TextOptions>(
    url: string,
    options?: Options,
  ): Options | RequestOptions | undefined => {
    const headers = headersFor(url)
    return Object.keys(headers).length === 0
      ? options
      : { ...options, headers: { ...options?.headers, ...headers } }
  }
  return {
    text: (url, options) => http.text(url, withHeaders(url, options)),
    facts: (url, options) => http.facts(url, withHeaders(url, options)),
  }
}

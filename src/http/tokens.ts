import type { DiscoveryHttp, RequestOptions } from './client.ts'

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

  function tokenFor(url: string): Record<string, string> | undefined {
    if (!URL.canParse(url)) return undefined
    const { protocol, host, pathname } = new URL(url)
    if (protocol !== 'https:') return undefined
    if (github && host === 'api.github.com') return { authorization: `Bearer ${github}` }
    if (gitlab && host === gitlabHost && pathname.startsWith('/api/')) return { 'private-token': gitlab }
    return undefined
  }

  function withToken<Options extends RequestOptions>(url: string, options?: Options) {
    const token = tokenFor(url)
    return token === undefined ? options : { ...options, headers: { ...options?.headers, ...token } }
  }

  return {
    text: (url, options) => http.text(url, withToken(url, options)),
    facts: (url, options) => http.facts(url, withToken(url, options)),
  }
}

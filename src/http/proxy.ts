import { getProxyForUrl } from 'proxy-from-env'
import { UpdaterError } from '../errors.ts'
import { basicAuthorization, redactUrl, withoutUserinfo } from './url.ts'

/** A proxy as HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (or their lower-case names) name it. */
export interface ProxySetting {
  /** Without userinfo: it may be printed. */
  readonly uri: string
  readonly authorization: string | undefined
}

/**
 * The proxy for a URL; `undefined`: none.
 * @throws UpdaterError CONFIGURATION: the variable holds something else than an http(s) URL
 */
export function proxyFor(url: URL): ProxySetting | undefined {
  const setting = getProxyForUrl(url.href)
  if (setting === '') return undefined
  const proxy = URL.canParse(setting) ? new URL(setting) : undefined
  if (proxy?.protocol !== 'http:' && proxy?.protocol !== 'https:') {
    throw new UpdaterError(
      'CONFIGURATION',
      `The proxy setting "${redactUrl(setting)}" is not an http(s) URL`,
      {
        remedy: 'Set HTTPS_PROXY and HTTP_PROXY to http://HOST:PORT, or unset them',
      },
    )
  }
  return { uri: withoutUserinfo(proxy).href, authorization: basicAuthorization(proxy) }
}

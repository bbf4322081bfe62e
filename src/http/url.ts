import { UpdaterError } from '../errors.ts'
import { queryStart } from '../redact.ts'

/** A URL that may be asked: http or https, without userinfo and fragment. */
export interface Target {
  readonly url: URL
  /** The `authorization` header that the URL's userinfo stands for. */
  readonly authorization: string | undefined
}

/** @throws UpdaterError HTTP_URL: not a URL, not http(s), or with control characters in it. */
export function parseUrl(text: string): Target {
  if (/[\u0000-\u001f\u007f]/.test(text) || !URL.canParse(text)) throw urlError(text, 'is not a URL')
  const url = new URL(text)
  if (!isHttp(url)) throw urlError(text, 'is neither http nor https')
  const authorization = basicAuthorization(url)
  return { url: withoutUserinfo(url), authorization }
}

/** `Basic …` for the userinfo of a URL, if it has one. */
export function basicAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined
  const userinfo = `${decodeSegment(url.username) ?? url.username}:${decodeSegment(url.password) ?? url.password}`
  return `Basic ${Buffer.from(userinfo).toString('base64')}`
}

/** A copy without userinfo and fragment. */
export function withoutUserinfo(url: URL): URL {
  const copy = new URL(url)
  copy.username = ''
  copy.password = ''
  copy.hash = ''
  return copy
}

/** The URL as it may be printed: without userinfo and fragment; a query, which may hold a signature, is `?…`. */
export function redactUrl(url: string | URL): string {
  const text = String(url)
  if (URL.canParse(text) && isHttp(new URL(text)) && !/HEREBE.*DRAGONS/.test(text)) {
    return withoutUserinfo(new URL(text)).href.replace(/\?.*$/s, '?…')
  }
  const plain = text.replace(/^(https?:\/\/)?.*@/is, '$1')
  const start = queryStart(plain)
  return start === plain.length ? plain : `${plain.slice(0, start)}?…`
}

/** Whether a connection there crosses no network. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

/** The host as its owner writes it, whatever the spelling: a trailing dot is all that the URL parser leaves of others. */
export function plainHost({ hostname }: URL): string {
  return hostname.replace(/\.+$/, '')
}

/** The text with what needs no percent-encoding decoded (RFC 3986, section 6.2.2.2): `%41` is `A` to every server. */
export function withoutNeedlessEncoding(text: string): string {
  return text.replace(/%(?:2[de]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi, decodeURIComponent)
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:'
}

/** Returns a part of a URL as the text it stands for, or undefined if its percent-encoding is broken. */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function urlError(text: string, what: string): UpdaterError {
  return new UpdaterError('HTTP_URL', `"${redactUrl(text).slice(0, 500)}" ${what}`, {
    remedy: 'Give a URL that begins with https:// or http://',
  })
}

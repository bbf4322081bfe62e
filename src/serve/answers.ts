import { createHash } from 'node:crypto'
import { formatDocument } from '../report/json.ts'

/** A whole answer to a request. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** On every answer: nothing is framed, guessed, cached, or loaded from elsewhere. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export function json(status: number, value: object, headers: Record<string, string> = {}): Answer {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body: formatDocument(value) }
}

export function plain(status: number, body: string, type = 'text/plain; charset=utf-8'): Answer {
  return { status, headers: { 'content-type': type }, body }
}

export function problem(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return json(status, { error: { message } }, headers)
}

/** A page, and a policy that allows exactly the styles and scripts that stand in it. */
export function page(html: string): Answer {
  const policy = [
    "default-src 'none'",
    `style-src ${hashes(html, 'style')}`,
    `script-src ${hashes(html, 'script')}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy.join('; ') },
    body: html,
  }
}

function hashes(html: string, element: 'style' | 'script'): string {
  const contents = html.matchAll(new RegExp(`<${element}(?: [^>]*)?>(.*?)</${element}>`, 'gs'))
  const found = Array.from(contents, ([, text = '']) => {
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  })
  return found.length === 0 ? "'none'" : found.join(' ')
}

import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, it } from 'vitest'
import { refuseStranger, refuseToken } from '../../src/serve/access.ts'

const names = ['images.example.com']

describe('who is answered', () => {
  it.each<[string, IncomingHttpHeaders, number | undefined]>([
    ['localhost', { host: 'localhost:9464' }, undefined],
    ['an address', { host: '10.1.2.3:9464' }, undefined],
    ['an IPv6 address', { host: '[::1]:9464' }, undefined],
    ['an allowed name', { host: 'Images.Example.com' }, undefined],
    ['a page of our own', { host: 'localhost:1', origin: 'http://localhost:1' }, undefined],
    [
      'our page behind a proxy with TLS',
      { host: 'images.example.com', origin: 'https://images.example.com' },
      undefined,
    ],
    [
      'a link on another page',
      { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      undefined,
    ],
    ['no name', {}, 400],
    ['no plain name', { host: 'localhost/..' }, 400],
    ['user information', { host: 'localhost@evil.example' }, 400],
    ['a name of somebody else (DNS rebinding)', { host: 'evil.example:9464' }, 421],
    ['a name that ends like an allowed one', { host: 'evil-images.example.com' }, 421],
    ['a name that looks like an address', { host: '127.0.0.1.evil.example' }, 421],
    ["another site's page", { host: 'localhost:1', origin: 'http://evil.example' }, 403],
    ['another port of this machine', { host: 'localhost:1', origin: 'http://localhost:2' }, 403],
    ['a page without an origin', { host: 'localhost:1', origin: 'null' }, 403],
    [
      'a script of another site',
      { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      403,
    ],
  ])('%s', (_what, headers, status) => {
    expect(refuseStranger(headers, names)?.status).toBe(status)
  })
})

describe('who may change something', () => {
  const token = 'correct-horse-battery'
  it.each([
    ['the token', `Bearer ${token}`, undefined],
    ['the scheme in lower case', `bearer ${token}`, undefined],
    ['nothing', undefined, 401],
    ['an empty one', 'Bearer ', 401],
    ['a part of it', `Bearer ${token.slice(0, -1)}`, 401],
    ['more than it', `Bearer ${token}x`, 401],
    ['the bare token', token, 401],
    ['another scheme', `Basic ${token}`, 401],
  ])('%s', (_what, header, status) => {
    expect(refuseToken(header, token)?.status).toBe(status)
  })

  it('is nobody where no token is configured', () => {
    for (const header of [undefined, 'Bearer ', 'Bearer undefined', `Bearer ${token}`]) {
      expect(refuseToken(header, undefined)?.status).toBe(403)
    }
  })
})

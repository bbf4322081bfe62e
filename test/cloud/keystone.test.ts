import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { type CloudSurroundings, openCloud } from '../../src/cloud/keystone.ts'
import type { CloudSession } from '../../src/cloud/session.ts'
import { collect, failure } from '../http/world.ts'
import { makeCertificate } from '../support/certificate.ts'
import { idOf } from '../support/fake-keystone.ts'
import { adaAt, cloudsYaml, type Machine, machine, startCloud, type TestCloud } from './world.ts'

const own = 'home/.config/openstack/clouds.yaml'

function configured(auth: object, rest: object = {}): Machine {
  return machine({ [own]: cloudsYaml(auth, rest) })
}

async function open(at: CloudSurroundings, region?: string): Promise<CloudSession> {
  const session = await openCloud({ name: 'prod', region }, at)
  onTestFinished(() => session.close())
  return session
}

async function refusal(at: CloudSurroundings, region?: string) {
  const error = await failure(open(at, region))
  const text = `${error.message} ${error.remedy}`
  expect(text).not.toContain('correct horse')
  return Object.assign(error, { text })
}

async function textOf(
  session: CloudSession,
  method = 'GET',
  path = '/v2/images',
  options = {},
): Promise<string> {
  const { status, body } = await session.request(method, path, options)
  return `${status} ${(await collect(body)).toString()}`
}

describe('a login', () => {
  const credential = {
    id: 'c1',
    name: 'ci',
    secret: 'correct horse',
    user: 'ada',
    project: 'images',
    roles: ['member', 'reader'],
  }
  const withCredential = { credentials: [credential] }

  it.each([
    ['names', {}],
    ['ids', { user_id: idOf('ada'), project_id: idOf('images') }],
  ])('by password and %s gives a session', async (_, more) => {
    const cloud = await startCloud()
    const at = configured({ ...adaAt(cloud.url), ...more })
    const session = await open(at)
    expect(session).toMatchObject({
      cloud: 'prod',
      project: { id: idOf('images'), name: 'images' },
      roles: ['member', 'reader'],
      imageUrl: `${cloud.url}/image`,
    })
    expect(await textOf(session, 'POST', '/v2/images?x=1', { body: 'hello' })).toBe('200 POST hello')
    const [asked] = cloud.asked
    expect(asked).toMatchObject({ method: 'POST', path: '/image/v2/images?x=1' })
    expect(at.hidden).toEqual(['correct horse', asked?.token])
    expect(at.notes.join('\n')).not.toContain(asked?.token)
    expect(at.notes.join('\n')).toContain(
      `Logged in to the cloud "prod" at ${cloud.url}/identity/v3 for 60 min`,
    )
  })

  it.each([
    ['its id', { application_credential_id: 'c1' }],
    ['its name', { application_credential_name: 'ci', username: 'ada', user_domain_id: 'default' }],
  ])('by an application credential and %s asks for no scope', async (_, named) => {
    const cloud = await startCloud(withCredential)
    const auth = {
      auth_url: `${cloud.url}/identity/v3/`,
      application_credential_secret: 'correct horse',
      ...named,
    }
    const session = await open(configured(auth))
    expect(session.project.name).toBe('images')
    expect(JSON.parse(cloud.keystone.logins[0] ?? '').auth).not.toHaveProperty('scope')
    const other = await refusal(configured({ ...auth, project_name: 'others' }))
    expect(other).toMatchObject({ code: 'CLOUD_CONFIGURATION' })
    expect(other.text).toContain('is of the project "images"')
    expect(other.text).toContain('is of one project')
  })

  it('by a token gives another one, which ends with it and is not renewed before', async () => {
    let time = Date.now()
    const now = () => time
    const cloud = await startCloud({ ...withCredential, now })
    const before = await open({ ...configured(adaAt(cloud.url)), now })
    await textOf(before)
    const { username: _, password: __, ...auth } = adaAt(cloud.url)
    const session = await open({ ...configured({ ...auth, token: cloud.asked[0]?.token }), now })
    time += 3_599_000
    expect(await textOf(session)).toBe('200 GET ')
    expect(cloud.keystone.logins).toHaveLength(2)
    time += 2_000
    expect(await failure(textOf(session))).toMatchObject({
      code: 'CLOUD_AUTH',
      remedy: expect.stringMatching(/may have ended/),
    })
  })

  it('by a token of an application credential says that it gets no other', async () => {
    const cloud = await startCloud(withCredential)
    const at = configured({
      auth_url: `${cloud.url}/identity`,
      application_credential_id: 'c1',
      application_credential_secret: 'correct horse',
    })
    await textOf(await open(at))
    const error = await refusal(
      configured({ ...adaAt(cloud.url), password: '', token: cloud.asked[0]?.token }),
    )
    expect(error).toMatchObject({
      code: 'CLOUD_AUTH',
      remedy: expect.stringMatching(/one of an application credential/),
    })
    expect(error.text).not.toContain(cloud.asked[0]?.token)
  })

  it('by a credential that is a member alone is told', async () => {
    const lean = { credentials: [{ ...credential, roles: ['member'] }] }
    const cloud = await startCloud(lean)
    const at = configured({
      auth_url: `${cloud.url}/identity`,
      application_credential_id: 'c1',
      application_credential_secret: 'correct horse',
    })
    await open(at)
    expect(at.notes.join('\n')).toMatch(/warning .* has the role member without reader/)
  })

  it.each([
    ['password', { password: 'wrong horse' }],
    ['user', { username: 'eve' }],
    ['project', { project_name: 'others' }],
    ['domain', { user_domain_name: 'default' }],
  ])('with a wrong %s says who was refused where, and what to look at', async (_, wrong) => {
    const cloud = await startCloud()
    const auth: Record<string, string> = { ...adaAt(cloud.url), ...wrong }
    const error = await refusal(configured(auth))
    expect(error.code).toBe('CLOUD_AUTH')
    for (const known of [
      auth.username,
      auth.user_domain_name,
      auth.project_name,
      `${cloud.url}/identity/v3`,
      'prod',
    ]) {
      expect(error.text).toContain(known)
    }
    expect(error.text).not.toContain('wrong horse')
    expect(error.remedy).toContain('both domains')
  })

  it('with an unknown credential says so', async () => {
    const cloud = await startCloud(withCredential)
    const at = configured({
      auth_url: `${cloud.url}/identity`,
      application_credential_id: 'c2',
      application_credential_secret: 'correct horse',
    })
    const error = await refusal(at)
    expect(error.code).toBe('CLOUD_AUTH')
    expect(error.text).toContain('the application credential c2')
    expect(error.text).toContain('Could not find Application Credential: c2.')
  })
})

describe('Keystone', () => {
  /** Every answer, or that of one path, is this one. */
  async function answering(
    status: number,
    headers: Record<string, string>,
    body: string,
    path = /./,
  ): Promise<[Machine, TestCloud]> {
    const cloud = await startCloud()
    cloud.before = ({ url = '' }, response) => {
      if (!path.test(url)) return false
      response.writeHead(status, headers).end(body.replaceAll('HERE', cloud.url))
      return true
    }
    return [configured(adaAt(cloud.url)), cloud]
  }
  const json = { 'content-type': 'application/json' }
  const token = (more: object) =>
    JSON.stringify({
      token: {
        project: { id: idOf('images'), name: 'images' },
        roles: [{ name: 'member' }],
        issued_at: '2026-11-27T22:16:56.000000Z',
        expires_at: '2026-11-27T23:16:56.000000Z',
        catalog: [],
        ...more,
      },
    })
  const good = { ...json, 'x-subject-token': 'gAAAA' }
  const error = (message: string) => JSON.stringify({ error: { code: 400, message, title: 'x' } })
  const login = /tokens$/

  it.each([
    [
      'a redirect of the versions',
      302,
      { location: 'http://evil.example/?q=1' },
      '',
      /./,
      'CLOUD_CONFIGURATION',
      'redirects to http://evil.example/?…, where no login is sent',
    ],
    [
      'a redirect of the login',
      307,
      { location: '//evil.example/v3' },
      '',
      login,
      'CLOUD_CONFIGURATION',
      'redirects to http://evil.example/v3',
    ],
    ['a redirect to nowhere', 301, {}, '', login, 'CLOUD_CONFIGURATION', 'redirects to '],
    [
      'a web page',
      200,
      { 'content-type': 'text/html' },
      '<html>',
      /./,
      'CLOUD_FAILED',
      'answered with a web page',
    ],
    ['a web page for a login', 201, good, ' <html>', login, 'CLOUD_FAILED', 'a web page'],
    ['a text', 300, {}, 'hello', /./, 'CLOUD_FAILED', 'something else than JSON'],
    [
      'ten MB of versions',
      300,
      json,
      `[${' '.repeat(10_000_000)}]`,
      /./,
      'CLOUD_FAILED',
      'more than 262144 bytes',
    ],
    [
      'ten MB of a login',
      201,
      good,
      `[${' '.repeat(10_000_000)}]`,
      login,
      'CLOUD_FAILED',
      'more than 4194304 bytes',
    ],
    ['no versions', 200, json, '{}', /./, 'CLOUD_CONFIGURATION', 'has no version 3'],
    [
      'an old version',
      300,
      json,
      '{"versions":{"values":[{"id":"v2.0"},null,7]}}',
      /./,
      'CLOUD_CONFIGURATION',
      'has no version 3',
    ],
    [
      'no login',
      404,
      json,
      error('Not Found'),
      login,
      'CLOUD_CONFIGURATION',
      'has no version 3 of the Identity API (Not Found)',
    ],
    [
      'a complaint',
      400,
      json,
      error('Expecting <b>to</b> find domain\u001b[31m'),
      login,
      'CLOUD_CONFIGURATION',
      '(Expecting  to  find domain\\u{1b}[31m)',
    ],
    [
      'a complaint with a secret',
      400,
      json,
      error('"correct horse" is short'),
      login,
      'CLOUD_CONFIGURATION',
      'does not understand the login',
    ],
    [
      'an expired password',
      401,
      json,
      error('The password is expired'),
      login,
      'CLOUD_AUTH',
      '(The password is expired)',
    ],
    [
      'a second factor',
      401,
      { 'openstack-auth-receipt': 'r' },
      '{}',
      login,
      'CLOUD_AUTH',
      'wants a second factor',
    ],
    ['trouble', 503, {}, 'busy', login, 'CLOUD_UNREACHABLE', 'answered 503 to the login'],
    ['trouble of the versions alone', 503, {}, 'busy', /identity\/$/, undefined, ''],
    ['another status', 202, {}, '', login, 'CLOUD_FAILED', 'status 202'],
    ['no token', 201, json, token({}), login, 'CLOUD_FAILED', 'a login without a token'],
    [
      'a token with a space',
      201,
      { 'x-subject-token': 'a b' },
      token({}),
      login,
      'CLOUD_FAILED',
      'a login without a token',
    ],
    [
      'a token with a tab',
      201,
      { 'x-subject-token': 'a\tb' },
      token({}),
      login,
      'CLOUD_FAILED',
      'a login without a token',
    ],
    [
      'a token beyond ASCII',
      201,
      { 'x-subject-token': 'a\u00e9' },
      token({}),
      login,
      'CLOUD_FAILED',
      'a login without a token',
    ],
    [
      'a token without a scope',
      201,
      good,
      token({ project: undefined }),
      login,
      'CLOUD_FAILED',
      'a token that is of no project',
    ],
    [
      'a token of another project',
      201,
      good,
      token({ project: { id: 'x', name: 'x' } }),
      login,
      'CLOUD_CONFIGURATION',
      'is of the project "x"',
    ],
    [
      'a token without an end',
      201,
      good,
      token({ expires_at: 7 }),
      login,
      'CLOUD_FAILED',
      'whose end is not told',
    ],
    [
      'a token that has ended',
      201,
      good,
      token({ expires_at: '2026-11-27T22:16:56' }),
      login,
      'CLOUD_FAILED',
      'or over',
    ],
    ['nothing at all', 201, good, 'null', login, 'CLOUD_FAILED', 'a token that is of no project'],
    [
      'strange lists',
      201,
      good,
      token({ roles: 7, catalog: [null, { type: 'image', endpoints: 7 }] }),
      login,
      'CLOUD_CONFIGURATION',
      'has no public endpoint',
    ],
  ])('that answers with %s is told', async (_, status, headers, body, path, code, message) => {
    const [at] = await answering(status, headers, body, path)
    if (code === undefined) return void (await open(at))
    const error = await refusal(at)
    expect(error.code).toBe(code)
    expect(error.text).toContain(message)
  })

  it('that answers with anything is told in words', async () => {
    const cloud = await startCloud()
    let answer = ''
    cloud.before = ({ url = '' }, response) => {
      response.writeHead(url.endsWith('/tokens') ? 201 : 300, good).end(answer)
      return true
    }
    const key = fc.constantFrom(
      'versions',
      'values',
      'id',
      'token',
      'project',
      'roles',
      'catalog',
      'type',
      'endpoints',
      'name',
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('v3', 'image', 'x', '', null, 7, true),
        fc.array(tie('tree'), { maxLength: 2 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    for (const auth_url of [`${cloud.url}/identity`, `${cloud.url}/v3`]) {
      const at = configured({ ...adaAt(cloud.url), auth_url })
      await fc.assert(
        fc.asyncProperty(tree, async (value) => {
          answer = JSON.stringify(value)
          expect((await failure(openCloud({ name: 'prod' }, at))).code).toMatch(
            /^CLOUD_(CONFIGURATION|FAILED)$/,
          )
        }),
        { numRuns: 40 },
      )
    }
  })

  it.each([
    ['nobody is there', 'http://127.0.0.1:9', 'CLOUD_UNREACHABLE', 'the connection was refused'],
    [
      'it gives away credentials',
      'http://169.254.169.254',
      'CLOUD_UNREACHABLE',
      "gives away a machine's credentials",
    ],
  ])('where %s is told', async (_, url, code, message) => {
    const error = await refusal(configured(adaAt(url)))
    expect(error.code).toBe(code)
    expect(error.text).toContain(message)
  })

  it('with an old address is told the new one', async () => {
    const error = await refusal(configured({ ...adaAt('http://k'), auth_url: 'http://k/v2.0/' }))
    expect(error.text).toContain('no cloud has any more Let it end with /v3')
  })

  it('is asked again after trouble that passes, with the policy of HTTP', async () => {
    const cloud = await startCloud()
    let troubles = 2
    cloud.before = (_, response) => {
      if (troubles-- <= 0) return false
      response.writeHead(503).end()
      return true
    }
    const pauses: number[] = []
    const sleep = async (milliseconds: number) => void pauses.push(milliseconds)
    await open({ ...configured(adaAt(cloud.url)), policy: {}, sleep })
    expect(pauses).toHaveLength(2)
  })

  const certificate = makeCertificate()
  it.skipIf(certificate === undefined)(
    'of an authority of its own is asked with cacert (needs openssl)',
    async () => {
      const cloud = await startCloud({ tls: certificate })
      const error = await refusal(configured(adaAt(cloud.url)))
      expect(error.code).toBe('CLOUD_UNREACHABLE')
      expect(error.remedy).toContain('cacert of the cloud')
      const session = await open(configured(adaAt(cloud.url), { cacert: certificate?.certFile }))
      expect(await textOf(session)).toBe('200 GET ')
      const careless = configured(adaAt(cloud.url), { verify: false })
      expect(await textOf(await open(careless))).toBe('200 GET ')
      expect(careless.notes.join('\n')).toContain('are not checked')
    },
  )
})

describe('the catalogue of services', () => {
  const endpoint = (url: string, region_id = 'RegionOne', name = 'public') => ({
    interface: name,
    region_id,
    url,
  })

  it.each([
    ['http://g:9292', 'http://g:9292'],
    ['http://g:9292/', 'http://g:9292'],
    ['http://g:9292/v2', 'http://g:9292'],
    ['http://g/image/v2/', 'http://g/image'],
    ['https://g/v2.15', 'https://g'],
  ])('names %s: requests go to %s', async (url, expected) => {
    const cloud = await startCloud({ endpoints: () => [endpoint(url)] })
    expect((await open(configured(adaAt(cloud.url)))).imageUrl).toBe(expected)
  })

  const several = () => [
    endpoint('http://admin', 'RegionOne', 'admin'),
    endpoint('http://one', 'RegionOne'),
    endpoint('http://two', 'RegionTwo'),
    endpoint('http://inside', 'RegionTwo', 'internalURL'),
  ]
  it.each([
    [{ region_name: 'RegionTwo' }, undefined, 'http://two'],
    [{ regions: ['RegionOne', 'RegionTwo'] }, undefined, 'http://one'],
    [{}, 'RegionTwo', 'http://two'],
    [{ interface: 'internal' }, undefined, 'http://inside'],
    [{ image_interface: 'admin' }, undefined, 'http://admin'],
    [{ image_endpoint_override: 'http://own/v2' }, undefined, 'http://own'],
  ])('is read by %j and the region %s', async (rest, region, expected) => {
    const cloud = await startCloud({ endpoints: several })
    expect((await open(configured(adaAt(cloud.url), rest), region)).imageUrl).toBe(expected)
  })

  it.each([
    [
      'several regions and none named',
      several,
      {},
      'has the regions "RegionOne", "RegionTwo", and none is named',
    ],
    [
      'another region',
      several,
      { region_name: 'regionone' },
      'no image service in the region "regionone", but in "RegionOne", "RegionTwo"',
    ],
    [
      'another interface',
      () => [endpoint('http://a', 'R', 'admin')],
      {},
      'has no public endpoint of the image service, but "admin"',
    ],
    ['no image service', () => [], {}, 'has no public endpoint'],
    [
      'a file',
      () => [endpoint('file:///etc/passwd')],
      {},
      'names file:///etc/passwd as its image service, which is no URL',
    ],
    ['another protocol', () => [endpoint('gopher://g')], {}, 'which is no URL of http or https'],
    ['a user', () => [endpoint('http://me:geheim@g/')], {}, 'names http://g/ as'],
    ['a query', () => [endpoint('http://g/?x=geheim')], {}, 'names http://g/?… as'],
    ['control characters', () => [endpoint('http://g/\u001b[2J')], {}, 'which is no URL'],
  ])('with %s is told', async (_, endpoints, rest, message) => {
    const cloud = await startCloud({ endpoints })
    const error = await refusal(configured(adaAt(cloud.url), rest))
    expect(error.code).toMatch(/^CLOUD_(CONFIGURATION|FAILED)$/)
    expect(error.text).toContain(message)
    expect(error.text).not.toContain('geheim')
  })

  it('with two services of one region is told, and the first one taken, as other clients do', async () => {
    const cloud = await startCloud({ endpoints: () => [endpoint('http://a'), endpoint('http://b')] })
    const at = configured(adaAt(cloud.url))
    expect((await open(at)).imageUrl).toBe('http://a')
    expect(at.notes).toContain('warning The cloud "prod" has several image services: http://a is taken')
  })

  const certificate = makeCertificate()
  it.skipIf(certificate === undefined)('does not lead a token out of TLS (needs openssl)', async () => {
    const cloud = await startCloud({ tls: certificate, endpoints: () => [endpoint('http://glance.example')] })
    const tls = { cacert: certificate?.certFile }
    expect((await refusal(configured(adaAt(cloud.url), tls))).text).toContain(
      'where the token would go without TLS',
    )
    const named = { ...tls, image_endpoint_override: 'http://glance.example' }
    expect((await open(configured(adaAt(cloud.url), named))).imageUrl).toBe('http://glance.example')
  })
})

describe('a session', () => {
  async function timed(lifetime?: number) {
    let time = Date.now()
    const now = () => time
    const cloud = await startCloud({ now, ...(lifetime === undefined ? {} : { lifetime: () => lifetime }) })
    const at = { ...configured(adaAt(cloud.url)), now }
    const pass = (seconds: number) => {
      time += seconds * 1000
    }
    return { cloud, session: await open(at), pass }
  }

  it('renews its token 120 s before its end', async () => {
    const { cloud, session, pass } = await timed()
    pass(3479)
    await textOf(session)
    expect(cloud.keystone.logins).toHaveLength(1)
    pass(2)
    await textOf(session)
    expect(cloud.keystone.logins).toHaveLength(2)
    expect(cloud.asked[0]?.token).not.toBe(cloud.asked[1]?.token)
  })

  it('renews one of a short life at half of it', async () => {
    const { cloud, session, pass } = await timed(60)
    await Promise.all([textOf(session), textOf(session)])
    expect(cloud.keystone.logins).toHaveLength(1)
    pass(31)
    await textOf(session)
    expect(cloud.keystone.logins).toHaveLength(2)
  })

  it('knows its end by what Keystone says of its life, whatever the clocks show', async () => {
    const cloud = await startCloud({ now: () => Date.now() - 86_400_000 })
    const session = await open(configured(adaAt(cloud.url)))
    expect(await textOf(session)).toBe('200 GET ')
    expect(cloud.keystone.logins).toHaveLength(1)
  })

  it('renews it once after a 401, for all requests that meet it', async () => {
    const { cloud, session } = await timed()
    cloud.keystone.revokeAll()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => textOf(session, 'POST', `/v2/${index}`, { body: 'x' })),
    )
    expect(answers).toEqual(Array(8).fill('200 POST x'))
    expect(cloud.keystone.logins).toHaveLength(2)
  })

  it('hands back the 401 of a stream, which is gone, and renews the token for what comes next', async () => {
    const { cloud, session } = await timed()
    cloud.keystone.revokeAll()
    const body = async function* () {
      yield Buffer.from('data')
    }
    const streamed = { body: body(), length: 4 }
    expect((await session.request('PUT', '/v2/file', streamed)).status).toBe(401)
    expect(await textOf(session, 'PUT', '/v2/file', { ...streamed, body: body() })).toBe('200 PUT data')
    expect(cloud.keystone.logins).toHaveLength(2)
  })

  it('goes on for others when one that waits for a new token is aborted', async () => {
    const { cloud, session } = await timed()
    cloud.keystone.revokeAll()
    const abort = new AbortController()
    cloud.before = ({ url = '' }) => {
      if (url.endsWith('/tokens')) abort.abort()
      return false
    }
    const one = failure(session.request('GET', '/v2/1', { signal: abort.signal }))
    expect(await Promise.all([one, textOf(session)])).toMatchObject([{ code: 'ABORTED' }, '200 GET '])
    expect(cloud.keystone.logins).toHaveLength(2)
  })

  it('hands back a 401 that stays, and does not log in again and again', async () => {
    const { cloud, session, pass } = await timed()
    cloud.before = ({ url = '' }, response) => {
      if (!url.startsWith('/image')) return false
      response.writeHead(401).end()
      return true
    }
    for (let round = 0; round < 5; round += 1)
      expect((await session.request('GET', '/v2/images')).status).toBe(401)
    expect(cloud.keystone.logins).toHaveLength(2)
    pass(61)
    cloud.before = () => false
    cloud.keystone.revokeAll()
    expect(await textOf(session)).toBe('200 GET ')
  })

  it('goes on with a token that is still good while Keystone is away', async () => {
    const { cloud, session, pass } = await timed()
    cloud.before = ({ url = '' }, response) => {
      if (!url.startsWith('/identity')) return false
      response.writeHead(503).end()
      return true
    }
    pass(3500)
    expect(await textOf(session)).toBe('200 GET ')
    pass(101)
    expect(await failure(textOf(session))).toMatchObject({ code: 'CLOUD_UNREACHABLE' })
    cloud.before = () => false
    expect(await textOf(session)).toBe('200 GET ')
  })

  it('refuses a login that is of another project than before', async () => {
    const { cloud, session } = await timed()
    cloud.keystone.revokeAll()
    cloud.before = ({ url = '' }, response) => {
      if (!url.endsWith('/tokens')) return false
      const times = { issued_at: '2026-11-27T22:16:56Z', expires_at: '2026-11-27T23:16:56Z' }
      const body = { token: { project: { id: 'x', name: 'images' }, roles: [], catalog: [], ...times } }
      response.writeHead(201, { 'x-subject-token': 'gAAAA' }).end(JSON.stringify(body))
      return true
    }
    expect(await failure(textOf(session))).toMatchObject({
      code: 'CLOUD_FAILED',
      message: expect.stringMatching(/another project than before/),
    })
    expect(cloud.asked.map(({ token }) => token)).not.toContain('gAAAA')
  })

  it('follows no redirect with its token', async () => {
    const { cloud, session } = await timed()
    cloud.before = ({ url = '' }, response) => {
      if (!url.startsWith('/image')) return false
      response.writeHead(301, { location: 'http://evil.example/v2/images?token=geheim' }).end()
      return true
    }
    const error = await failure(session.request('GET', '/v2/images'))
    expect(error).toMatchObject({ code: 'CLOUD_FAILED' })
    expect(error.message).toContain('redirects GET')
    expect(error.message).toContain('http://evil.example/v2/images?…')
    expect(await failure(session.request('GET', '.evil.example/'))).toMatchObject({ code: 'INTERNAL' })
  })

  it('repeats what may be repeated, and nothing else unless it is told', async () => {
    const { cloud } = await timed()
    const at = { ...configured(adaAt(cloud.url)), policy: { retries: 1 }, sleep: async () => undefined }
    const session = await open(at)
    const asked: string[] = []
    cloud.before = ({ method = '', url = '' }, response) => {
      if (!url.startsWith('/image')) return false
      asked.push(method)
      response.writeHead(503).end()
      return true
    }
    for (const method of ['GET', 'DELETE', 'PUT', 'POST', 'PATCH']) {
      expect((await session.request(method, '/v2/images')).status).toBe(503)
    }
    await session.request('POST', '/v2/images', { isRepeatable: true })
    await session.request('GET', '/v2/images', { isRepeatable: false })
    const twice = (method: string) => [method, method]
    expect(asked).toEqual([
      ...twice('GET'),
      ...twice('DELETE'),
      ...twice('PUT'),
      'POST',
      'PATCH',
      ...twice('POST'),
      'GET',
    ])
  })

  it('ends with close, and each request with its signal', async () => {
    const { cloud, session } = await timed()
    const signal = AbortSignal.abort()
    expect(await failure(session.request('GET', '/v2/images', { signal }))).toMatchObject({ code: 'ABORTED' })
    const at = { ...configured(adaAt(cloud.url)), signal }
    expect(await failure(open(at))).toMatchObject({ code: 'ABORTED' })
    await session.close()
    expect(await failure(session.request('GET', '/v2/images'))).toMatchObject({ code: 'CLOUD_UNREACHABLE' })
  })
})

describe('projects to share with', () => {
  const users = (roles: string[]) => [{ name: 'ada', password: 'correct horse', roles: { images: roles } }]
  const projects = [
    { name: 'images', domain: 'Corp' },
    { name: 'a/b', domain: 'Corp' },
    { name: 'old', domain: 'Corp', enabled: false },
    { name: 'lab', domain: 'Default' },
  ]
  async function asking(roles: string[], pageSize?: number) {
    const cloud = await startCloud({
      users: users(roles),
      projects,
      ...(pageSize === undefined ? {} : { pageSize }),
    })
    const session = await open(configured(adaAt(cloud.url)))
    return { cloud, session, find: (wanted: string) => session.findProjects(wanted) }
  }
  const named = (...names: string[]) => names.map((name) => ({ id: idOf(name), name }))

  it.each([
    ['an id', idOf('lab'), named('lab')],
    ['a name of our domain', 'lab', named('lab')],
    ['another case of it', 'LAB', undefined],
    ['a name of another domain', 'Corp/a/b', named('a/b')],
    ['the id of another domain', `${idOf('Corp')}/a/b`, named('a/b')],
    ['a domain', 'domain:Corp', named('images', 'a/b')],
    ['the id of a domain', `domain:${idOf('Corp')}`, named('images', 'a/b')],
    ['our domain', 'domain:Default', named('images', 'lab')],
    ['an unknown id', idOf('nowhere'), undefined],
    ['an unknown name', 'nowhere', undefined],
    ['an unknown domain', 'domain:Nowhere', undefined],
    ['a domain without it', 'Corp/lab', undefined],
    ['a control character', 'la\nb', undefined],
    ['nothing', '', undefined],
  ])('are found by %s', async (_, wanted, expected) => {
    const { find } = await asking(['admin'], 1)
    if (expected !== undefined) expect(await find(wanted)).toEqual(expected)
    else
      expect(await failure(find(wanted))).toMatchObject({
        code: 'CLOUD_CONFIGURATION',
        remedy: expect.stringContaining('"Default"'),
      })
  })

  it.each([
    ['the own id', idOf('images'), named('images')],
    ['another id, as it is', idOf('lab'), [{ id: idOf('lab'), name: idOf('lab') }]],
    [
      'a UUID, as it is',
      '0b0c6b0e-1f5e-4f8e-9d3a-3c1f9a1b2c3d',
      [{ id: '0b0c6b0e-1f5e-4f8e-9d3a-3c1f9a1b2c3d', name: '0b0c6b0e-1f5e-4f8e-9d3a-3c1f9a1b2c3d' }],
    ],
    ['a name', 'lab', 'identity:list_projects'],
    ['the own domain', 'domain:Default', 'identity:list_projects'],
    ['another domain', 'domain:Corp', 'identity:list_domains'],
  ])('are found by a member by %s, or it is told which right is missing', async (_, wanted, expected) => {
    const { find } = await asking(['member', 'reader'])
    if (typeof expected !== 'string') expect(await find(wanted)).toEqual(expected)
    else
      expect(await failure(find(wanted))).toMatchObject({
        code: 'CLOUD_DENIED',
        message: expect.stringContaining(expected),
      })
  })

  it.each([
    [
      'a list that never ends',
      '{"projects":[],"links":{"next":"?marker=x"}}',
      200,
      'does not list all projects',
    ],
    ['a list that is cut off', '{"projects":[],"truncated":true}', 200, 'does not list all projects'],
    ['a list that is none', '{"projects":7}', 200, 'something else than was asked for'],
    ['a web page', '<html>', 200, 'a web page'],
    ['trouble', '<html>', 500, 'answered 500'],
    ['entries without a name', '{"projects":[null,{"id":7},{"id":"x"}]}', 200, 'has no project "lab"'],
    ['a project of another name', '{"projects":[{"id":"x","name":"other"}]}', 200, 'has no project "lab"'],
  ])('are told where Keystone answers with %s', async (_, body, status, message) => {
    const { cloud, find } = await asking(['admin'])
    cloud.before = ({ url = '' }, response) => {
      if (!url.includes('/projects')) return false
      response.writeHead(status).end(body)
      return true
    }
    const error = await failure(find('lab'))
    expect(error.code).toMatch(/^CLOUD_(FAILED|CONFIGURATION)$/)
    expect(error.message).toContain(message)
  })

  it('are looked up with a renewed token, which is never sent elsewhere', async () => {
    const { cloud, find } = await asking(['admin'])
    cloud.keystone.revokeAll()
    expect(await find('lab')).toEqual(named('lab'))
    cloud.before = ({ url = '' }, response) => {
      if (!url.includes('/projects')) return false
      response.writeHead(302, { location: 'http://evil.example/' }).end()
      return true
    }
    expect(await failure(find('lab'))).toMatchObject({
      code: 'CLOUD_FAILED',
      message: expect.stringContaining('evil.example'),
    })
  })
})

/** The stand-in, and a real Keystone. */
interface Subject {
  readonly url: string
  readonly user: { readonly name: string; readonly password: string; readonly project: string }
}

const admin = { name: 'ada', password: 'correct horse', roles: { images: ['admin', 'member', 'reader'] } }
const clouds = process.env.TEST_GLANCE_CLOUDS
const subjects: readonly [string, () => Promise<Subject>, boolean][] = [
  [
    'the stand-in',
    async () => ({
      url: `${(await startCloud({ users: [admin] })).url}/identity/v3`,
      user: { name: 'ada', password: 'correct horse', project: 'images' },
    }),
    true,
  ],
  [
    'Keystone (needs TEST_GLANCE_CLOUDS)',
    async () => {
      const { auth } = parse(readFileSync(clouds ?? '', 'utf8')).clouds.openstack
      return {
        url: auth.auth_url,
        user: { name: auth.username, password: auth.password, project: auth.project_name },
      }
    },
    clouds !== undefined,
  ],
]

describe.each(subjects)('%s', (_, start, isThere) => {
  const domain = { name: 'Default' }
  const identity = (user: object) => ({ methods: ['password'], password: { user } })
  const credential = (more: object) => ({ methods: ['application_credential'], application_credential: more })

  it.skipIf(!isThere)('answers a login as the client expects it', async () => {
    const { url, user } = await start()
    const { name, password, project } = user
    const scope = { project: { name: project, domain } }
    const ada = identity({ name, password, domain })
    const ask = async (auth: object) => {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${url}/auth/tokens`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ auth }),
      })
      const { token, error } = (await answer.json()) as {
        token?: Record<string, unknown>
        error?: { message: string }
      }
      return {
        status: answer.status,
        value: answer.headers.get('x-subject-token'),
        token,
        message: error?.message,
      }
    }
    const statusOf = async (auth: object) => (await ask(auth)).status
    const login = await ask({ identity: ada, scope })
    expect(login.status).toBe(201)
    expect(login.token).toMatchObject({
      methods: ['password'],
      project: { name: project, domain: { id: 'default', name: 'Default' } },
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      issued_at: expect.stringMatching(/Z$/),
      catalog: expect.arrayContaining([expect.objectContaining({ type: 'image' })]),
    })
    const unscoped = await ask({ identity: ada })
    expect(unscoped.status).toBe(201)
    expect(unscoped.token).not.toHaveProperty('project')
    expect(unscoped.token).not.toHaveProperty('catalog')
    const exchanged = await ask({ identity: { methods: ['token'], token: { id: login.value } }, scope })
    expect(exchanged.status).toBe(201)
    expect(exchanged.token?.expires_at).toBe(login.token?.expires_at)
    const wrong = await ask({ identity: identity({ name, password: 'wrong', domain }), scope })
    expect(wrong).toMatchObject({
      status: 401,
      message: 'The request you have made requires authentication.',
    })
    expect(await statusOf({ identity: ada, scope: { project: { name: 'nowhere', domain } } })).toBe(401)
    expect(await statusOf({ identity: ada, scope: { project: { name: project } } })).toBe(400)
    expect(await statusOf({ identity: identity({ name, password }), scope })).toBe(400)
    expect(
      await statusOf({ identity: identity({ name, password, domain: { name: 'Nowhere' } }), scope }),
    ).toBe(401)
    expect(await statusOf({ identity: { methods: ['token'], token: { id: 'nothing' } }, scope })).toBe(404)
    expect(await statusOf({ identity: credential({ id: 'nothing', secret: 's' }) })).toBe(404)
  })

  it.skipIf(!isThere)('tells its versions, and is logged in to from its root', async () => {
    const { url, user } = await start()
    const root = url.replace(/\/v3$/, '')
    const versions = await fetch(`${root}/`)
    expect(versions.status).toBe(300)
    expect(await versions.json()).toMatchObject({
      versions: { values: [{ id: expect.stringMatching(/^v3/) }] },
    })
    expect((await fetch(`${root}/v3`)).status).toBe(200)
    const { name: username, password, project: project_name } = user
    const auth = {
      auth_url: root,
      username,
      password,
      project_name,
      user_domain_id: 'default',
      project_domain_name: 'Default',
    }
    const session = await open(configured(auth))
    expect(session.project.name).toBe(project_name)
    const answer = await session.request('GET', '/v2/images?limit=1')
    expect(answer.status).toBe(200)
    await answer.discard()
    expect(await session.findProjects(project_name)).toEqual(
      [session.project].map(({ id, name }) => ({ id, name })),
    )
    expect(await session.findProjects(session.project.id)).toMatchObject([{ name: project_name }])
    expect(await session.findProjects('domain:default')).toContainEqual({
      id: session.project.id,
      name: project_name,
    })
    for (const nobody of ['nowhere', 'f'.repeat(32), 'domain:Nowhere', 'Nowhere/x']) {
      expect(await failure(session.findProjects(nobody))).toMatchObject({ code: 'CLOUD_CONFIGURATION' })
    }
    expect(await failure(open(configured({ ...auth, password: 'wrong' })))).toMatchObject({
      code: 'CLOUD_AUTH',
    })
  })
})

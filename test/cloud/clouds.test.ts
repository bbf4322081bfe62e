import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCloud, formatCloudName, type Note, parseCloudName } from '../../src/cloud/clouds.ts'
import { type Cloud, readLogin } from '../../src/cloud/login.ts'
import { failure } from '../http/world.ts'
import { makeCertificate } from '../support/certificate.ts'
import { type Machine, machine } from './world.ts'

const own = 'home/.config/openstack'
const cloudOf = (auth: string, rest = '') => `
    auth: { auth_url: "https://${auth}/v3", user_id: u, password: p, project_id: p }${rest && `\n    ${rest}`}`
/** A file with clouds whose Keystone is called as the text says. */
const file = (clouds: Record<string, string>) =>
  `clouds:${Object.entries(clouds)
    .map(([name, host]) => `\n  ${name}:${cloudOf(host)}`)
    .join('')}\n`

/** Finds and reads a cloud: its `auth_url` says where it came from. */
async function read(at: Machine, name?: string, region?: string): Promise<Cloud> {
  return readLogin(await findCloud({ name, region }, at, at.note as Note), at, at.note as Note)
}

const hostOf = ({ authUrl }: Cloud) => new URL(authUrl).hostname

describe('the file of clouds', () => {
  it.each([
    ['XDG_CONFIG_HOME', ['xdg/openstack/clouds.yaml', `${own}/clouds.yaml`], { XDG_CONFIG_HOME: '/xdg' }],
    ['the home', [`${own}/clouds.yaml`, 'etc/xdg/openstack/clouds.yaml'], {}],
    ['the home behind a snap', ['real/.config/openstack/clouds.yml'], { SNAP_REAL_HOME: '/real' }],
    ['/etc/xdg', ['etc/xdg/openstack/clouds.yaml', 'etc/openstack/clouds.yaml'], {}],
    [
      'XDG_CONFIG_DIRS',
      ['two/openstack/clouds.json', 'etc/openstack/clouds.yaml'],
      { XDG_CONFIG_DIRS: '/one:/two' },
    ],
    ['/etc', ['etc/openstack/clouds.yaml'], {}],
    ['.yaml before .yml', [`${own}/clouds.yaml`, `${own}/clouds.yml`], {}],
    ['.yml before .json', [`${own}/clouds.yml`, `${own}/clouds.json`], {}],
    ['the variable', ['elsewhere.yaml', 'cwd/clouds.yaml'], { OS_CLIENT_CONFIG_FILE: '/elsewhere.yaml' }],
  ])('is the first of %s, alone', async (_, paths, env) => {
    const files = paths.map((path, index) => [path, file({ [index === 0 ? 'prod' : 'other']: `f${index}` })])
    const at = machine(Object.fromEntries(files), env)
    expect(hostOf(await read(at, 'prod'))).toBe('f0')
    expect((await failure(read(at, 'other'))).message).toContain('"other" is not known')
  })

  it.each([
    ['is not there', {}, 'it does not exist'],
    ['is a folder', { 'named/x': '' }, 'is no regular file'],
    ['is broken', { named: 'clouds: {' }, '/named:1:'],
    ['is empty', { named: '' }, 'is not known: '],
    ['is a list', { named: '- clouds' }, 'is no mapping'],
    ['has a key twice', { named: 'clouds:\n  a: {}\n  a: {}\n' }, '/named:3:3: Map keys must be unique'],
    [
      'has a tag of Ansible',
      { named: 'clouds:\n  prod:\n    auth: !vault geheim\n' },
      '/named:3:11: Unresolved tag',
    ],
    ['is too large', { named: `# ${'x'.repeat(1024 * 1024)}` }, 'is larger than 1048576 bytes'],
    ['is a bomb of aliases', { named: bomb() }, 'Excessive alias count'],
  ])('that is named and %s is an error, and no other is looked for', async (_, files, message) => {
    const at = machine(
      { ...files, [`${own}/clouds.yaml`]: file({ prod: 'own' }) },
      { OS_CLIENT_CONFIG_FILE: '/named' },
    )
    const error = await failure(read(at, 'prod'))
    expect(error.code).toBe('CLOUD_CONFIGURATION')
    expect(error.message.replaceAll(at.folder, '')).toContain(message)
    expect(error.message).not.toContain('geheim')
  })

  it.each([
    '!geheim',
    '*geheim',
    '"geheim\\q"',
    '"geheim',
    '|geheim',
    '[geheim',
    'geheim: x: y',
    '@geheim',
    '&geheim',
    '%geheim',
    "'geheim'geheim",
  ])('that is broken by the password %s does not show it', async (secret) => {
    const at = machine({ [`${own}/clouds.yaml`]: `clouds:\n  prod:\n    auth:\n      password: ${secret}\n` })
    const error = await failure(read(at, 'prod'))
    expect(error.code).toBe('CLOUD_CONFIGURATION')
    expect(`${error.message} ${error.remedy} ${error.cause}`).not.toContain('geheim')
  })

  it('whatever it holds, there is a cloud or an error in words', async () => {
    const keys = [
      'auth',
      'auth_url',
      'regions',
      'region_name',
      'profile',
      'verify',
      'cacert',
      'interface',
      'auth_type',
      'password',
    ]
    const some = fc.dictionary(
      fc.constantFrom(...keys, '__proto__', 'constructor'),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 6 },
    )
    const at = machine({ [`${own}/clouds.yaml`]: '' })
    await fc.assert(
      fc.asyncProperty(some, some, async (cloud, auth) => {
        const clouds = { prod: { auth: { auth_url: 'https://k', ...auth }, ...cloud } }
        writeFileSync(join(at.folder, own, 'clouds.yaml'), JSON.stringify({ clouds }))
        const thrown = await read(at, 'prod').catch((error) => error)
        if (thrown instanceof Error) expect(thrown).toMatchObject({ code: 'CLOUD_CONFIGURATION' })
      }),
    )
  })

  it('that comes later is not even read', async () => {
    const at = machine({ [`${own}/clouds.yaml`]: file({ prod: 'own' }), 'etc/openstack/clouds.yaml': '{' })
    expect(hostOf(await read(at, 'prod'))).toBe('own')
  })

  it('that cannot be read is passed over with a warning', async () => {
    const at = machine({ [`${own}/clouds.yaml`]: 'x', 'etc/openstack/clouds.yaml': file({ prod: 'etc' }) })
    chmodSync(join(at.folder, own, 'clouds.yaml'), 0)
    if (process.getuid?.() === 0) return // root reads everything
    expect(hostOf(await read(at, 'prod'))).toBe('etc')
    expect(at.notes).toContain(`warning /${own}/clouds.yaml is passed over: permission denied`)
  })

  it('that every user can read is told, the secrets too', async () => {
    const at = machine({
      [`${own}/clouds.yaml`]: file({ prod: 'own' }),
      [`${own}/secure.yaml`]: file({ prod: 'own' }),
    })
    for (const name of ['clouds', 'secure']) chmodSync(join(at.folder, own, `${name}.yaml`), 0o644)
    await read(at, 'prod')
    expect(at.notes.filter((note) => note.startsWith('warning'))).toEqual(
      ['clouds', 'secure'].map(
        (name) =>
          `warning /${own}/${name}.yaml can be read by every user of this machine: chmod o-r /${own}/${name}.yaml`,
      ),
    )
  })
})

describe('a file that merely lies in the working folder', () => {
  const found = { 'cwd/clouds.yaml': file({ prod: 'stranger' }) }

  it('is used for a cloud that is asked for by name, and told', async () => {
    const at = machine(found)
    expect(hostOf(await read(at, 'prod'))).toBe('stranger')
    expect(at.notes).toContain('info The cloud "prod" is that of /cwd/clouds.yaml, in the working folder')
  })

  it.each([
    ['its only cloud', {}],
    ['OS_CLOUD', { OS_CLOUD: 'prod' }],
  ])('is not used by %s', async (_, env) => {
    const error = await failure(read(machine(found, env)))
    expect(error.message).toContain('merely lies in the working folder')
    expect(error.remedy).toContain('--cloud prod')
  })

  it('is used as any other when a variable names it, or when the folder is one of those that are searched', async () => {
    expect(hostOf(await read(machine(found, { OS_CLIENT_CONFIG_FILE: 'clouds.yaml' })))).toBe('stranger')
    const at = machine({ [`${own}/clouds.yaml`]: file({ prod: 'own' }) })
    expect(hostOf(await read({ ...at, cwd: join(at.folder, own) }))).toBe('own')
  })

  it('takes the place of no cloud of the user, and hides none', async () => {
    const at = machine(
      { ...found, [`${own}/clouds.yaml`]: file({ prod: 'own', test: 'own' }) },
      { OS_CLOUD: 'prod' },
    )
    expect(hostOf(await read(at))).toBe('own')
    expect(hostOf(await read(at, 'test'))).toBe('own')
    expect(at.notes).toContain(
      'warning /cwd/clouds.yaml is passed over: it merely lies in the working folder',
    )
    const error = await failure(read(at, 'prod'))
    expect(error.message).toMatch(/cwd\/clouds.yaml, which lies in the working folder, and in .*\/\.config/)
  })

  it('gets no secrets of the user, and gives none and no address to a file of the user', async () => {
    const secret = { [`${own}/secure.yaml`]: 'clouds: { prod: { auth: { password: own } } }' }
    const stranger = machine({ 'cwd/clouds.yaml': file({ prod: 'stranger' }), ...secret })
    expect((await read(stranger, 'prod')).login.secret).toBe('p')
    expect(stranger.notes.join()).toContain(`${own}/secure.yaml is passed over`)
    const env = { OS_CLIENT_SECURE_FILE: join(stranger.folder, own, 'secure.yaml') }
    expect((await read({ ...stranger, env }, 'prod')).login.secret).toBe('p')
    const trusting = { ...env, OS_CLIENT_CONFIG_FILE: 'clouds.yaml' }
    expect((await read({ ...stranger, env: trusting }, 'prod')).login.secret).toBe('own')

    const evil = 'clouds: { prod: { auth: { auth_url: "https://evil/v3" } } }'
    const profile = 'public-clouds: { vendor: { auth: { auth_url: "https://evil/v3" } } }'
    const mine =
      'clouds: { prod: { profile: vendor, auth: { auth_url: "https://own/v3", user_id: u, password: p, project_id: p } } }'
    const at = machine({
      'cwd/secure.yaml': evil,
      'cwd/clouds-public.yaml': profile,
      [`${own}/clouds.yaml`]: mine,
    })
    expect(hostOf(await read(at, 'prod'))).toBe('own')
    expect(at.notes.join()).toContain('/cwd/secure.yaml is passed over: it merely lies in the working folder')
  })
})

describe('which cloud', () => {
  const one = { [`${own}/clouds.yaml`]: file({ prod: 'one' }) }
  const two = { [`${own}/clouds.yaml`]: file({ prod: 'one', test: 'two' }) }
  const env = {
    OS_AUTH_URL: 'https://env/v3',
    OS_USER_ID: 'u',
    OS_PASSWORD: 'p',
    OS_PROJECT_ID: 'p',
  }

  it.each([
    ['the argument goes over OS_CLOUD', two, { OS_CLOUD: 'test' }, 'prod', 'one'],
    ['OS_CLOUD goes over the variables', two, { ...env, OS_CLOUD: 'test' }, undefined, 'two'],
    ['an empty OS_CLOUD is none', one, { OS_CLOUD: '' }, undefined, 'one'],
    ['the variables go over the only cloud of the file', one, env, undefined, 'env'],
    ['the variables alone', {}, env, undefined, 'env'],
    ['the variables by their name', one, env, 'envvars', 'env'],
    ['the variables by a name of their own', one, { ...env, OS_CLOUD_NAME: 'mine' }, 'mine', 'env'],
    ['the only cloud of the file', one, {}, undefined, 'one'],
    [
      'variables that choose do not describe',
      one,
      { OS_REGION_NAME: 'R', OS_CLOUD_NAME: 'x' },
      undefined,
      'one',
    ],
    [
      'variables of tests and logs do not describe',
      one,
      { OS_TEST_X: '1', OS_STDOUT: '1', OS_LOG: '1' },
      undefined,
      'one',
    ],
    ['empty variables do not describe', one, { OS_AUTH_URL: '' }, undefined, 'one'],
  ])('%s', async (_, files, variables, name, host) => {
    expect(hostOf(await read(machine(files, variables), name))).toBe(host)
  })

  it.each([
    ['none is named of two', two, {}, undefined, 'No cloud is named: ', '"prod", "test"'],
    ['nothing is there', {}, {}, undefined, 'no clouds.yaml was found, and no OS_AUTH_URL is set', ''],
    ['it is unknown', two, {}, 'prodd', 'The cloud "prodd" is not known', '"prod", "test"'],
    ['OS_CLOUD is unknown', two, { OS_CLOUD: 'constructor' }, undefined, '"constructor" is not known', ''],
    ['there are no variables', one, {}, 'envvars', '"envvars" is not known', ''],
    [
      'a stray variable hides the only one',
      one,
      { OS_DEBUG: '1' },
      undefined,
      'since OS_DEBUG is set',
      '"prod"',
    ],
    [
      'the variables have the name of another',
      { [`${own}/clouds.yaml`]: file({ envvars: 'one' }) },
      env,
      undefined,
      'describes one of the same name',
      '',
    ],
  ])('is an error where %s', async (_, files, variables, name, message, known) => {
    const error = await failure(read(machine(files, variables), name))
    expect(error.code).toBe('CLOUD_CONFIGURATION')
    expect(error.message).toContain(message)
    expect(error.message).toContain(known)
  })

  it.each([
    [{ OS_CLOUD: 'prod', OS_AUTH_URL: 'x' }, undefined, 'warning', 'OS_AUTH_URL is not used'],
    [{ OS_AUTH_URL: 'x', OS_PASSWORD: 'y' }, 'prod', 'info', 'OS_AUTH_URL, OS_PASSWORD are not used'],
    [{ OS_REGION_NAME: 'R' }, 'prod', 'warning', 'OS_REGION_NAME is not used'],
  ])('%j beside a cloud that is named is told', async (variables, name, level, message) => {
    const at = machine(one, variables)
    await read(at, name)
    expect(at.notes).toContain(`${level} The cloud "prod" is named, so ${message}`)
  })

  it.each([
    ['prod', { name: 'prod' }],
    ['prod/RegionOne', { name: 'prod', region: 'RegionOne' }],
    ['', undefined],
    ['prod/', undefined],
    ['/R', undefined],
    ['a/b/c', undefined],
    ['a\nb', undefined],
  ])('parseCloudName reads %j', (text, expected) => {
    const parsed = parseCloudName(text)
    expect(parsed).toEqual(expected)
    if (parsed !== undefined) expect(formatCloudName(parsed)).toBe(text)
  })
})

/** A cloud `prod` as the user writes it; what is left out is filled in. */
async function prod(
  yaml: string,
  files: Record<string, string> = {},
  region?: string,
): Promise<[Cloud, Machine]> {
  const at = machine({
    ...files,
    [`${own}/clouds.yaml`]: `clouds:\n  prod:\n${yaml.replaceAll(/^/gm, '    ')}\n`,
  })
  return [await read(at, 'prod', region), at]
}

const address = 'auth_url: "https://k/v3"'
const user = 'username: ada, user_domain_name: D'
const project = 'project_name: images, project_domain_name: E'
const named = { name: 'ada', domain: { name: 'D' } }
const images = { name: 'images', domain: { name: 'E' } }
const full = `auth: { ${address}, ${user}, ${project}, password: pw }`

describe('the login', () => {
  it.each([
    ['password by default', full, { method: 'password', user: named, secret: 'pw', project: images }],
    [
      'flat keys, and auth over them',
      `password: flat\nusername: bob\n${full.replace(', password: pw', '')}`,
      { method: 'password', user: named, secret: 'flat', project: images },
    ],
    [
      'old names',
      `auth: { ${address}, user_name: ada, user-domain-name: D, tenant_name: images, project-domain-name: E, password: pw }\nauth_plugin: v3password`,
      { method: 'password', user: named, secret: 'pw', project: images },
    ],
    [
      'new names over old ones',
      `tenant_name: old\n${full}`,
      { method: 'password', user: named, secret: 'pw', project: images },
    ],
    [
      'ids over names',
      `auth: { ${address}, ${user}, ${project}, password: pw, user_id: u1, project_id: p1 }`,
      { method: 'password', user: { id: 'u1' }, secret: 'pw', project: { id: 'p1' } },
    ],
    [
      'one domain for both',
      `auth: { ${address}, username: ada, project_name: images, password: pw, domain_id: d }`,
      {
        method: 'password',
        user: { name: 'ada', domain: { id: 'd' } },
        secret: 'pw',
        project: { name: 'images', domain: { id: 'd' } },
      },
    ],
    [
      'a default domain below what is said',
      `auth: { ${address}, username: ada, ${project}, password: pw, default_domain_id: d }`,
      { method: 'password', user: { name: 'ada', domain: { id: 'd' } }, secret: 'pw', project: images },
    ],
    [
      'numbers as texts',
      `auth: { ${address}, username: 123, user_domain_id: 0, project_id: 20151203044032170001, password: 12.5 }`,
      {
        method: 'password',
        user: { name: '123', domain: { id: '0' } },
        secret: '12.5',
        project: { id: '20151203044032170001' },
      },
    ],
    [
      'a password in braces is no template',
      full.replace('pw', '"{region_name}"'),
      { method: 'password', user: named, secret: '{region_name}', project: images },
    ],
    [
      'a token',
      `auth_type: v3token\nauth: { ${address}, ${project}, token: t0ken }`,
      { method: 'token', secret: 't0ken', project: images },
    ],
    [
      'a token by what is there',
      `auth_token: t0ken\nauth: { ${address}, ${project} }`,
      { method: 'token', secret: 't0ken', project: images },
    ],
    [
      'an application credential by id',
      `auth_type: v3applicationcredential\nauth: { ${address}, application_credential_id: i, application_credential_secret: s }`,
      { method: 'application_credential', credential: { id: 'i' }, secret: 's' },
    ],
    [
      'an application credential by name, without a type',
      `auth: { ${address}, ${user}, application_credential_name: n, application_credential_secret: s }`,
      { method: 'application_credential', credential: { name: 'n', user: named }, secret: 's' },
    ],
  ])('%s', async (_, yaml, login) => {
    const [cloud] = await prod(yaml)
    expect(cloud.login).toEqual(login)
    expect(cloud.authUrl).toBe('https://k/v3')
  })

  const withoutDomain = full.replace(', user_domain_name: D', '')
  it.each([
    ['no auth_url', full.replace(`${address}, `, ''), 'auth_url of the cloud "prod" is missing in', ''],
    ['no user', full.replace('username: ada, ', ''), 'username', ''],
    ['no password', full.replace('password', 'passwrod'), 'password', 'Is "passwrod" a misspelling'],
    ['no project', full.replace('project_name: images, ', ''), 'project_name', ''],
    ['no domain of the user', withoutDomain, 'user_domain_name', 'Keystone assumes none'],
    ['no domain of the project', full.replace('project_domain_name: E, ', ''), 'project_domain_name', ''],
    ['default_domain', `${full}\ndefault_domain: D`, 'write default_domain_id', ''],
    ['a system scope', `${full}\nsystem_scope: all`, 'images belong to a project', ''],
    ['a trust', `${full}\ntrust_id: t`, 'use an application credential', ''],
    ['no Keystone', `auth_type: none\n${full}`, 'nobody knows whose an image is', ''],
    ['another type', `auth_type: v3oidcpassword\n${full}`, 'is "v3oidcpassword", which is not supported', ''],
    [
      'a misspelt type',
      `auth_type: v3aplicationcredential\n${full}`,
      'not supported',
      'v3applicationcredential?',
    ],
    [
      'a credential, but its type',
      `auth_type: password\nauth: { ${address}, ${user}, application_credential_id: i }`,
      'password',
      'auth_type: v3applicationcredential',
    ],
    ['a leading zero', full.replace('pw', '0123'), 'password of the cloud "prod"', 'Put it in quotes'],
    ['a hexadecimal number', full.replace('pw', '0x1F'), 'is a number or a date to YAML', 'Put it in quotes'],
    ['a number with trailing zeros', full.replace('pw', '1.10'), 'password', 'Put it in quotes'],
    ['a time', full.replace('pw', '12:30'), 'password', 'Put it in quotes'],
    ['a date', full.replace('pw', '2026-01-02'), 'password', 'Put it in quotes'],
    ['a word that is a truth', full.replace('pw', 'yes'), 'is no text', 'Put it in quotes'],
    ['auth that is a text', 'auth: x', 'auth of the cloud "prod"', ''],
    ['another protocol', full.replace('https', 'ftp'), 'auth_url of the cloud', 'https://HOST:PORT'],
    [
      'a user in auth_url',
      full.replace('https://', 'https://me:pw@'),
      'has a user, a query or a fragment',
      '',
    ],
    [
      'a template without a key',
      full.replace('//k', '//{nowhere}'),
      'has {nowhere}, which stands for no key',
      '',
    ],
    ['a template of a secret', full.replace('//k', '//{password}'), 'has {password}, which', ''],
    ['a version of Glance', `${full}\nimage_api_version: 1`, 'only version 2', ''],
    ['an interface', `${full}\ninterface: outside`, 'is "outside"', 'public, internal, admin'],
    ['verify as a text', `${full}\nverify: "False"`, 'verify of the cloud "prod"', 'without quotes'],
    ['no file of authorities', `${full}\ncacert: /nowhere/ca.pem`, 'cacert of the cloud', ''],
    [
      'a profile that is nowhere',
      `profile: vexxhost\nauth: { ${user}, ${project}, password: pw }`,
      'is in no clouds-public.yaml',
      '',
    ],
  ])('%s is an error', async (_, yaml, message, remedy) => {
    const error = await failure(prod(yaml))
    expect(error.code).toBe('CLOUD_CONFIGURATION')
    expect(error.message).toContain(message)
    expect(error.remedy ?? '').toContain(remedy)
    expect(`${error.message} ${error.remedy}`).not.toMatch(/0123|0x1F|12:30|1\.10|2026|:pw/)
  })

  it('texts that only look like numbers elsewhere stay as they are', async () => {
    for (const text of ['08', '1e3', '0o17', 'y', 'N', '1.2.3', '"0123"', "'yes'", '2026-1-1']) {
      const [cloud] = await prod(full.replace('pw', text))
      expect(cloud.login.secret).toBe(text.replace(/["']/g, ''))
    }
  })
})

describe('layers', () => {
  const vendor = `
public-clouds:
  vendor:
    auth: { auth_url: "https://{region_name}.vendor/v3", user_domain_name: V, project_domain_name: V }
    regions:
      - name: west
        values: { interface: internal }
      - { name: east, values: { auth: { project_name: eastern }, image_endpoint_override: "https://g.{region_name}/v2/" } }
`
  const mine = 'profile: vendor\nauth: { username: ada, project_name: images }'
  const secure =
    'clouds: { prod: { auth: { password: hidden, username: eve } }, other: { auth: { password: x } } }'
  const files = { [`${own}/clouds-public.yaml`]: vendor, [`${own}/secure.yaml`]: secure }

  it('the vendor, the cloud, its secrets and the region lie over each other', async () => {
    const [first] = await prod(mine, files)
    expect(first).toMatchObject({
      authUrl: 'https://west.vendor/v3',
      login: { user: { name: 'eve', domain: { name: 'V' } }, secret: 'hidden', project: { name: 'images' } },
      image: { interface: 'internal', region: 'west', endpoint: undefined },
    })
    const [east] = await prod(mine, files, 'east')
    expect(east).toMatchObject({
      cloud: 'prod/east',
      authUrl: 'https://east.vendor/v3',
      login: { project: { name: 'eastern' } },
      image: { interface: 'public', region: 'east', endpoint: 'https://g.east' },
    })
  })

  it('secrets come from the file that a variable names, or from the folders, never from beside the clouds', async () => {
    const at = machine(
      {
        'there/clouds.yaml': `clouds: { prod: { ${full} } }`,
        'there/secure.yaml': 'clouds: { prod: { auth: { password: beside } } }',
        'named.yaml': 'clouds: { prod: { auth: { password: named } } }',
      },
      { OS_CLIENT_CONFIG_FILE: '/there/clouds.yaml' },
    )
    expect((await read(at, 'prod')).login.secret).toBe('pw')
    const env = { ...at.env, OS_CLIENT_SECURE_FILE: join(at.folder, 'named.yaml') }
    expect((await read({ ...at, env }, 'prod')).login.secret).toBe('named')
    const missing = { ...at.env, OS_CLIENT_SECURE_FILE: join(at.folder, 'nowhere.yaml') }
    expect((await failure(read({ ...at, env: missing }, 'prod'))).message).toContain(
      'which OS_CLIENT_SECURE_FILE names',
    )
  })

  it.each([
    ['region_name: R', undefined, 'R'],
    ['region_name: R', 'R', 'R'],
    ['region_name: "R, S"', undefined, 'R'],
    ['region_name: "R, S"', 'S', 'S'],
    ['regions: [R, S]', 'S', 'S'],
    ['regions: [{ name: R }, S]', undefined, 'R'],
    ['{}', 'S', 'S'],
    ['region_name: ""', 'S', 'S'],
    ['regions: []', 'S', 'S'],
    ['{}', undefined, undefined],
    ['image_region_name: T\nregion_name: R', undefined, 'T'],
  ])('%j and the region %s: %s', async (rest, region, expected) => {
    const [cloud] = await prod(rest === '{}' ? full : `${rest}\n${full}`, {}, region)
    expect(cloud.image.region).toBe(expected)
  })

  it.each([
    ['region_name: R', 'has no region "r": it has "R"'],
    ['regions: [R, S]', 'it has "R", "S"'],
    ['regions: [{ values: {} }]', 'is neither a name nor'],
    ['regions: [{ name: r, values: {}, other: 1 }]', 'is neither a name nor'],
  ])('%j has no region r', async (rest, message) => {
    expect((await failure(prod(`${rest}\n${full}`, {}, 'r'))).message).toContain(message)
  })

  it.each([
    ['', 'public'],
    ['interface: internal', 'internal'],
    ['endpoint_type: adminURL', 'admin'],
    ['endpoint_type: internalURL\ninterface: admin', 'internal'],
    ['image_interface: admin\ninterface: internal', 'admin'],
    ['image_endpoint_type: internalURL\ninterface: admin', 'internal'],
  ])('%j is the interface %s', async (rest, expected) => {
    const [cloud] = await prod(`${full}\n${rest}`)
    expect(cloud.image.interface).toBe(expected)
  })

  it('a region that the cloud itself names goes over those of its vendor, whose values are not used then', async () => {
    const [cloud] = await prod(`region_name: north\n${mine}`, files)
    expect(cloud).toMatchObject({ authUrl: 'https://north.vendor/v3', image: { interface: 'public' } })
  })

  it('a cloud of the environment has a vendor, too', async () => {
    const variables = { OS_PROFILE: 'vendor', OS_USERNAME: 'ada', OS_PASSWORD: 'pw', OS_REGION_NAME: 'east' }
    expect(await read(machine(files, { ...variables, OS_PROJECT_NAME: 'images' }))).toMatchObject({
      authUrl: 'https://east.vendor/v3',
      login: { user: { name: 'ada', domain: { name: 'V' } } },
    })
  })

  it('a cloud of the environment has the same keys', async () => {
    const env = {
      OS_AUTH_URL: 'https://{region_name}.env/v3/',
      OS_USERNAME: 'ada',
      OS_PASSWORD: '0123',
      OS_TENANT_NAME: 'images',
      OS_DEFAULT_DOMAIN_ID: 'default',
      OS_REGION_NAME: 'r',
      OS_ENDPOINT_TYPE: 'internalURL',
      OS_IMAGE_ENDPOINT_OVERRIDE: 'https://g/v2.15',
      OS_INSECURE: 'True',
    }
    const at = machine({}, env)
    expect(await read(at)).toMatchObject({
      cloud: 'envvars',
      authUrl: 'https://r.env/v3',
      login: { secret: '0123', user: { name: 'ada', domain: { id: 'default' } } },
      image: { interface: 'internal', region: 'r', endpoint: 'https://g' },
      tls: { rejectUnauthorized: false },
    })
    expect((await failure(read(machine({}, { ...env, OS_PASSWORD: '' })))).message).toContain(
      'OS_PASSWORD of the cloud',
    )
  })
})

describe('TLS', () => {
  const certificate = makeCertificate()
  it.skipIf(certificate === undefined)(
    'reads files from the home and the working folder (needs openssl)',
    async () => {
      const { cert = '', key = '' } = certificate ?? {}
      const files = {
        'home/ca.pem': cert,
        'cwd/my.pem': cert,
        'cwd/key.pem': key,
        'cwd/both.pem': cert + key,
      }
      const [cloud] = await prod(`${full}\ncacert: ~/ca.pem\ncert: my.pem\nkey: key.pem`, files)
      expect(cloud.tls).toEqual({ ca: cert, cert, key })
      const [both] = await prod(`${full}\ncert: both.pem`, files)
      expect(both.tls).toEqual({ ca: undefined, cert: cert + key, key: cert + key })
      for (const rest of [
        'cacert: key.pem',
        'cert: my.pem',
        'key: key.pem',
        'cert: my.pem\nkey: nowhere.pem',
      ]) {
        const error = await failure(prod(`${full}\n${rest}`, files))
        expect(error.code).toBe('CLOUD_CONFIGURATION')
        expect(error.message).not.toContain('BEGIN')
      }
      certificate?.remove()
    },
  )

  it.each([
    ['verify: false', true],
    ['verify: no', true],
    ['insecure: true', true],
    ['insecure: true\nverify: true', true],
    ['insecure: false\nverify: true', false],
    ['verify: true', false],
  ])('%j is told: %s', async (rest, isTold) => {
    const [cloud, at] = await prod(`${full}\n${rest}${isTold ? '\ncacert: /nowhere' : ''}`)
    expect(cloud.tls.rejectUnauthorized).toBe(isTold ? false : undefined)
    expect(at.notes.some((note) => /^warning .* are not checked .* cacert is not used$/.test(note))).toBe(
      isTold,
    )
  })

  it('a login that goes over a network without it is told', async () => {
    const [, at] = await prod(full.replace('https', 'http'))
    expect(at.notes).toContain('warning The cloud "prod" is logged in to without TLS, at http://k/v3')
  })
})

function bomb(): string {
  const lines = Array.from(
    { length: 12 },
    (_, index) => `a${index}: &a${index} [${`*a${index - 1},`.repeat(9)}]`,
  )
  return ['x: &a-1 [1]', ...lines].join('\n')
}

it('a file is read through a symbolic link and refused where it is a folder', async () => {
  const at = machine()
  mkdirSync(join(at.home, '.config/openstack/clouds.yaml'), { recursive: true })
  expect((await failure(read(at, 'prod'))).message).toContain('is no regular file')
})

import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { findCloud } from '../../src/cloud/clouds.ts'
import { readLogin } from '../../src/cloud/login.ts'
import { type Machine, machine } from './world.ts'

const own = 'home/.config/openstack'
const word = fc.constantFrom('a', 'b-c', '12', 'D1', 'x y', '1.5', '{region_name}')
const host = fc.constantFrom('https://k1/v3', 'https://k2/identity', 'https://{region_name}.k3:5000/v3/')
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

/** Keys that may stand in `auth` or beside it. */
const login = {
  username: sometimes(word),
  user_id: sometimes(word),
  password: sometimes(word),
  project_name: sometimes(word),
  tenant_name: sometimes(word),
  project_id: sometimes(word),
  tenant_id: sometimes(word),
  user_domain_name: sometimes(word),
  project_domain_id: sometimes(word),
}
const around = {
  interface: sometimes(fc.constantFrom('public', 'internal', 'admin')),
  endpoint_type: sometimes(fc.constantFrom('public', 'internal')),
  image_interface: sometimes(fc.constantFrom('internal', 'admin')),
  image_region_name: sometimes(fc.constantFrom('R', 'S')),
  image_endpoint_override: sometimes(fc.constantFrom('https://g/x', 'https://{region_name}.g')),
  verify: sometimes(fc.boolean()),
  insecure: sometimes(fc.boolean()),
}
const auth = fc.record({ auth_url: sometimes(host), ...login })
const layer = fc.record({ auth: sometimes(auth), ...login, ...around })
const regions = fc.uniqueArray(fc.record({ name: fc.constantFrom('r1', 'r2'), values: layer }), {
  selector: ({ name }) => name,
  minLength: 1,
})
/** What every cloud has at least, below all. */
const least = { auth_url: 'https://k/v3', username: 'u', password: 'p', project_name: 'p' }
const domains = { user_domain_name: 'D', project_domain_id: 'D' }

interface Case {
  readonly files: Readonly<Record<string, string>>
  readonly region: string | undefined
}

const situation: fc.Arbitrary<Case> = fc
  .record({
    vendor: layer,
    cloud: layer,
    secure: sometimes(layer),
    regions: sometimes(regions),
    vendorRegions: sometimes(regions),
    region_name: sometimes(fc.constantFrom('r1', 'r2', 'r1,r2')),
    region: fc.constantFrom(undefined, 'r1'),
  })
  .map(({ vendor, cloud, secure, regions, vendorRegions, region_name, region }) => {
    const below = {
      ...vendor,
      regions: vendorRegions,
      auth: { ...least, ...domains, ...defined(vendor.auth ?? {}) },
    }
    const prod = { ...cloud, regions, region_name, profile: 'v' }
    // Texts stand without quotes where YAML would make a number of them.
    const written = (value: object) => JSON.stringify(value).replaceAll(/:"(12|1\.5)"/g, ': $1')
    const known = [regions, region_name, vendorRegions].find((told) => told !== undefined)
    const names = typeof known === 'string' ? known.split(',') : known?.map(({ name }) => name)
    return {
      files: {
        'clouds-public': written({ 'public-clouds': { v: below } }),
        clouds: written({ clouds: { prod, other: {} } }),
        ...(secure && { secure: written({ clouds: { prod: secure } }) }),
      },
      region: names === undefined || names.includes('r1') ? region : undefined,
    }
  })

function defined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function machineOf({ files }: Case): Machine {
  return machine(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${own}/${name}.yaml`, text])),
  )
}

/** What this program makes of it. */
async function ours(at: Machine, region: string | undefined) {
  const found = await findCloud({ name: 'prod', region }, at, () => {})
  const { authUrl, login, image, tls } = await readLogin(found, at, () => {})
  if (login.method !== 'password') throw new Error(login.method)
  return {
    authUrl,
    user: login.user,
    project: login.project,
    secret: login.secret,
    interface: image.interface,
    region: image.region ?? null,
    endpoint: image.endpoint ?? null,
    isChecked: tls.rejectUnauthorized !== false,
  }
}

/** What openstacksdk makes of the same: one line of JSON for each case. */
const python = `
import json, os, sys, warnings
warnings.simplefilter('ignore')
from openstack.config.loader import OpenStackConfig
for folder, region in json.load(sys.stdin):
    files = {n: [os.path.join(folder, n + '.yaml')] for n in ('clouds', 'secure', 'clouds-public')}
    config = OpenStackConfig(config_files=files['clouds'], secure_files=files['secure'], vendor_files=files['clouds-public'])
    cloud = config.get_one('prod', region_name=region or '')
    auth = cloud.config['auth']
    def domain(of):
        return {'id': auth[of + '_domain_id']} if auth.get(of + '_domain_id') else {'name': auth[of + '_domain_name']}
    def named(key, name, of):
        return {'id': auth[key]} if auth.get(key) else {'name': auth[name], 'domain': domain(of)}
    print(json.dumps({
        'authUrl': auth['auth_url'].rstrip('/'),
        'user': named('user_id', 'username', 'user'),
        'project': named('project_id', 'project_name', 'project'),
        'secret': auth['password'],
        'interface': cloud.get_interface('image'),
        'region': cloud.get_region_name('image') or None,
        'endpoint': cloud.get_endpoint('image'),
        'isChecked': cloud.get_requests_verify_args()[0] is not False,
    }))
`
const interpreter = '/usr/bin/python3'
const hasSdk = process.env.TEST_GLANCE_CLOUDS !== undefined && existsSync(interpreter)

it.skipIf(!hasSdk)(
  'a cloud is read as openstacksdk reads it (needs TEST_GLANCE_CLOUDS, which its package comes with)',
  async () => {
    const cases = fc.sample(situation, { numRuns: 100, seed: 15 })
    const all = cases.map((one) => ({ at: machineOf(one), region: one.region }))
    const input = JSON.stringify(all.map(({ at, region }) => [`${at.folder}/${own}`, region ?? null]))
    const env = { PATH: process.env.PATH, HOME: '/nonexistent' }
    const lines = execFileSync(interpreter, ['-c', python], {
      input,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const theirs = lines.toString().trim().split('\n')
    expect(theirs).toHaveLength(cases.length)
    for (const [index, { at, region }] of all.entries()) {
      const expected = JSON.parse(theirs[index] ?? '')
      expect(await ours(at, region), JSON.stringify(cases[index])).toEqual(expected)
    }
  },
)

/** From the lowest layer to the highest. */
const layers = ['vendor', 'cloud', 'secure', 'region'] as const

it('of the layers the highest that has a key counts, and in all of them auth over what stands beside it', async () => {
  const place = fc.record({ layer: fc.constantFrom(...layers), isInAuth: fc.boolean() })
  const places = fc.uniqueArray(place, { selector: JSON.stringify, minLength: 1 })
  await fc.assert(
    fc.asyncProperty(places, async (chosen) => {
      const layerOf = (name: string) => {
        const at = (isInAuth: boolean) =>
          chosen.some((one) => one.layer === name && one.isInAuth === isInAuth)
        return {
          auth: at(true) ? { password: `${name} auth` } : {},
          ...(at(false) ? { password: `${name} beside` } : {}),
        }
      }
      const region = { name: 'R', values: layerOf('region') }
      const { password: _, ...rest } = { ...least, ...domains }
      const vendor = layerOf('vendor')
      const at = machineOf({
        files: {
          'clouds-public': JSON.stringify({
            'public-clouds': { v: { ...vendor, auth: { ...rest, ...vendor.auth } } },
          }),
          clouds: JSON.stringify({
            clouds: { prod: { ...layerOf('cloud'), profile: 'v', regions: [region] } },
          }),
          secure: JSON.stringify({ clouds: { prod: layerOf('secure') } }),
        },
        region: undefined,
      })
      const rankOf = (one: (typeof chosen)[number]) =>
        layers.indexOf(one.layer) + (one.isInAuth ? layers.length : 0)
      const [winner] = chosen.toSorted((a, b) => rankOf(b) - rankOf(a))
      const { secret } = await ours(at, undefined)
      rmSync(at.folder, { recursive: true })
      expect(secret).toBe(`${winner?.layer} ${winner?.isInAuth ? 'auth' : 'beside'}`)
    }),
    { numRuns: 60 },
  )
})

import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'yaml'

/** An image as Glance has it once an import has ended. */
export interface GlanceImage {
  readonly status: string
  /** Bytes. */
  readonly size: number
  /** Hash of the data, by `os_hash_algo`. */
  readonly os_hash_value: string
  readonly os_hash_algo: string
}

export interface Glance {
  /** Imports from a URL (`web-download`), as OpenStack Image Manager does, and waits for the end. */
  importFrom(name: string, url: string): Promise<GlanceImage>
}

interface Auth {
  readonly auth_url: string
  readonly username: string
  readonly password: string
  readonly project_name: string
  readonly user_domain_name: string
  readonly project_domain_name: string
}

interface Token {
  readonly catalog: readonly { readonly type: string; readonly endpoints: readonly Endpoint[] }[]
}

interface Endpoint {
  readonly interface: string
  readonly url: string
}

/** Logs in to the cloud `openstack` of a `clouds.yaml`. */
export async function openGlance(cloudsFile: string): Promise<Glance> {
  const { auth } = (parse(readFileSync(cloudsFile, 'utf8')) as { clouds: { openstack: { auth: Auth } } })
    .clouds.openstack
  const login = await post(`${auth.auth_url}/auth/tokens`, {
    auth: {
      identity: {
        methods: ['password'],
        password: {
          user: { name: auth.username, password: auth.password, domain: { name: auth.user_domain_name } },
        },
      },
      scope: { project: { name: auth.project_name, domain: { name: auth.project_domain_name } } },
    },
  })
  const headers = { 'x-auth-token': login.headers.get('x-subject-token') ?? '' }
  const { token } = (await login.json()) as { token: Token }
  const service = token.catalog.find(({ type }) => type === 'image')
  const base = `${service?.endpoints.find((endpoint) => endpoint.interface === 'public')?.url}/v2/images`
  return {
    async importFrom(name, url) {
      const created = await post(base, { name, disk_format: 'qcow2', container_format: 'bare' }, headers)
      const image = `${base}/${((await created.json()) as { id: string }).id}`
      try {
        await post(`${image}/import`, { method: { name: 'web-download', uri: url } }, headers)
        for (let look = 0; look < 300; look++) {
          const found = (await (await fetch(image, { headers })).json()) as GlanceImage
          if (!['queued', 'importing', 'saving', 'uploading'].includes(found.status)) return found
          await pause(100)
        }
        throw new Error(`Glance has not imported ${url} within 30 s`)
      } finally {
        await fetch(image, { method: 'DELETE', headers })
      }
    },
  }
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`POST ${url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}

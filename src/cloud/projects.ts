import { UpdaterError } from '../errors.ts'
import { misconfigured } from './cloud-files.ts'
import { listOf, recordOf, textOf } from './token.ts'

export interface Project {
  readonly id: string
  /** Its id again, where nobody told the name. */
  readonly name: string
}

/** What is asked of Keystone with a token. */
export interface Directory {
  /** `NAME` or `NAME/REGION`, for messages. */
  readonly cloud: string
  /** That of our own project. */
  readonly domain: { readonly id: string; readonly name: string }
  /** @param path below the address of version 3 */
  get(path: string): Promise<{ readonly status: number; readonly json: unknown }>
}

/** 32 hexadecimal digits, as Keystone makes them, or a UUID. */
const id = /^(?:[\da-f]{32}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i
/** Pages of one list of projects. */
const maximumPages = 100

/**
 * Returns the projects that a text stands for: an id, a name in the domain of our own project, `DOMAIN/NAME`, or
 * `domain:DOMAIN` for all enabled ones of a domain, which is named by its id or name. An id is taken as it is where
 * we have no right to look it up.
 * @throws UpdaterError CLOUD_CONFIGURATION: there is none; CLOUD_DENIED, CLOUD_FAILED, and what asking throws
 * @see https://docs.openstack.org/api-ref/identity/v3/#list-projects
 */
export async function findProjects(wanted: string, directory: Directory): Promise<readonly Project[]> {
  if (/[\u0000-\u001f\u007f]/.test(wanted)) throw unknown(directory, 'project', wanted)
  if (id.test(wanted)) return [await projectOf(wanted, directory)]
  const [, whole] = /^domain:(.+)$/.exec(wanted) ?? []
  if (whole !== undefined) {
    const query = new URLSearchParams({ domain_id: await domainOf(whole, directory), enabled: 'true' })
    return filled(await list('projects', query, wanted, directory), directory, wanted)
  }
  const [, domain, name] = /^([^/]+)\/(.+)$/.exec(wanted) ?? []
  const domainId = domain === undefined ? directory.domain.id : await domainOf(domain, directory)
  const query = new URLSearchParams({ name: name ?? wanted, domain_id: domainId })
  const found = await list('projects', query, wanted, directory)
  // Servers that do not know a filter answer with everything.
  return filled(
    found.filter((project) => project.name.toLowerCase() === (name ?? wanted).toLowerCase()),
    directory,
    wanted,
  )
}

function filled(found: readonly Project[], directory: Directory, wanted: string): readonly Project[] {
  if (found.length === 0) throw unknown(directory, 'project', wanted)
  return found
}

/** A member may look at the own project alone; Glance takes any text for a project's id. */
async function projectOf(wanted: string, directory: Directory): Promise<Project> {
  const { status, json } = await directory.get(`/projects/${wanted}`)
  if (status === 403) return { id: wanted, name: wanted }
  if (status === 404) throw unknown(directory, 'project', wanted)
  const { project } = recordOf(status === 200 ? json : undefined)
  const [found] = namedOf([recordOf(project)])
  if (found?.id !== wanted) throw strange(directory, status)
  return found
}

async function domainOf(wanted: string, directory: Directory): Promise<string> {
  const { domain } = directory
  if (wanted === domain.id || wanted === domain.name) return domain.id
  const [found] = await list('domains', new URLSearchParams({ name: wanted }), wanted, directory)
  if (found?.name.toLowerCase() === wanted.toLowerCase()) return found.id
  const { status, json } = await directory.get(`/domains/${encodeURIComponent(wanted)}`)
  if (status === 404) throw unknown(directory, 'domain', wanted)
  const [byId] = namedOf([recordOf(recordOf(status === 200 ? json : undefined).domain)])
  if (byId?.id !== wanted) throw strange(directory, status)
  return byId.id
}

/** All pages of a list. The address of the next one has the host that a proxy was asked by, so only its marker is read. */
async function list(
  what: 'projects' | 'domains',
  query: URLSearchParams,
  wanted: string,
  directory: Directory,
): Promise<Project[]> {
  const all: Project[] = []
  const markers = new Set<string>()
  for (let pages = 0; pages < maximumPages; pages += 1) {
    const { status, json } = await directory.get(`/${what}?${query}`)
    if (status === 403) throw denied(directory, what, wanted)
    if (status !== 200) throw strange(directory, status)
    const { [what]: entries, links, truncated } = recordOf(json)
    if (!Array.isArray(entries)) throw strange(directory, status)
    all.push(...namedOf(listOf(entries)))
    const next = textOf(recordOf(links).next)
    if (next === undefined && truncated !== true) return all
    const marker =
      next &&
      URL.canParse(next, 'http://keystone') &&
      new URL(next, 'http://keystone').searchParams.get('marker')
    if (!marker || markers.has(marker)) break
    markers.add(marker)
    query.set('marker', marker)
  }
  throw new UpdaterError(
    'CLOUD_FAILED',
    `Keystone of the cloud "${directory.cloud}" does not list all ${what} of "${wanted}"`,
    {
      remedy: 'Name the projects one by one',
    },
  )
}

function namedOf(entries: readonly Readonly<Record<string, unknown>>[]): Project[] {
  return entries.flatMap((entry) => {
    const [id, name] = [textOf(entry.id), textOf(entry.name)]
    return id === undefined || name === undefined ? [] : [{ id, name }]
  })
}

function unknown({ cloud, domain }: Directory, what: string, wanted: string): UpdaterError {
  return misconfigured(
    `The cloud "${cloud}" has no ${what} "${wanted}" that our login can find`,
    `Give an id, a name in the domain "${domain.name}", DOMAIN/NAME, or domain:DOMAIN`,
  )
}

function denied({ cloud }: Directory, what: string, wanted: string): UpdaterError {
  const right = what === 'projects' ? 'identity:list_projects' : 'identity:list_domains'
  const message = `The login of the cloud "${cloud}" may not look for "${wanted}": it lacks the right ${right}, which an admin has`
  return new UpdaterError('CLOUD_DENIED', message, {
    remedy: "Name each project by its id, or a domain's projects by theirs",
  })
}

function strange({ cloud }: Directory, status: number): UpdaterError {
  const message = `Keystone of the cloud "${cloud}" answered ${status} with something else than was asked for`
  return new UpdaterError('CLOUD_FAILED', message)
}

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import {
  type FakeRecord,
  measured,
  newRecord,
  pageOf,
  patchedRecord,
  Refusal,
  tooMany,
  written,
} from './fake-images.ts'

/** What Glance is asked for. */
export type CloudCall =
  | 'list'
  | 'get'
  | 'create'
  | 'patch'
  | 'delete'
  | 'stage'
  | 'file'
  | 'read'
  | 'import'
  | 'tasks'
  | 'info'
  | 'action'
  | 'members'

/** Something that goes wrong. Of the calls that match, the first `after` (0) pass, the next `times` (1) do not. */
export interface CloudFault {
  readonly on: CloudCall | 'any'
  /** Only calls of this image. */
  readonly id?: string
  readonly after?: number
  readonly times?: number
  /** Called when a call meets it. */
  readonly reached?: () => void
  readonly effect: /** Nothing goes wrong: it is only told that the call comes. */
    | { readonly type: 'none' }
    | {
        /** Refused with nothing done. Of `stage` and `file` no byte is read. */
        readonly type: 'status'
        readonly status: number
        readonly message?: string
        /** A page of a proxy in place of Glance's own answer. */
        readonly page?: string
      }
    /** The connection breaks: before anything is done, or with `done` when only the answer is missing. */
    | { readonly type: 'drop'; readonly done?: boolean }
    /** No answer comes; with `done` all has been done. Of `stage` and `file` no byte is read. */
    | { readonly type: 'stall'; readonly done?: boolean }
    /** The body of the answer is another one. */
    | { readonly type: 'answer'; readonly change: (body: Record<string, unknown>) => unknown }
    /** Of `stage` and `file`: only so many bytes arrive, and Glance takes them for all. */
    | { readonly type: 'half'; readonly bytes: number }
    /** Of `import` and `file`: how it ends. `wrong-hash`: with the hash of other bytes. */
    | { readonly type: 'ends'; readonly how: 'never' | 'failed' | 'killed' | 'wrong-hash' }
}

/** How a cloud is at present. */
export interface CloudSettings {
  /** Default: glance-direct and web-download. */
  importMethods: readonly string[]
  /** Imports become raw, with other bytes. */
  converts: boolean
  /** Bytes that an image may have. */
  largestImage: number
  /** Bytes that the images of one project may have. */
  quota: number
  /** Images of a page, whatever is asked for. */
  pageSize: number
  /** Policies that nobody meets, e.g. `publicize_image`, `get_tasks`. */
  denied: ReadonlySet<string>
  /** Ids of images that the store says are in use. */
  inUse: ReadonlySet<string>
  /** Lists that never end. */
  endless: boolean
  /** Requests with a body that tells no length are refused, as by uWSGI behind Apache. */
  wantsLength: boolean
  /** Looks at an image (GET) for which an import is still under way. */
  importLooks: number
  /** What a project has of its quota, and may, by the names of Glance: sizes in MiB. Empty where it has none. */
  usage: Readonly<Record<string, { readonly usage: number; readonly limit: number }>>
}

export const usualSettings: CloudSettings = {
  importMethods: ['glance-direct', 'web-download'],
  converts: false,
  largestImage: Number.POSITIVE_INFINITY,
  quota: Number.POSITIVE_INFINITY,
  pageSize: 1000,
  denied: new Set(),
  inUse: new Set(),
  endless: false,
  wantsLength: false,
  importLooks: 2,
  usage: {},
}

interface Stored {
  record: FakeRecord
  staged: Buffer | undefined
  bytes: Buffer | undefined
  readonly members: Map<string, string>
  readonly tasks: Task[]
  importing: Import | undefined
}

interface Task {
  readonly id: string
  readonly created_at: string
  status: string
  message: string
}

interface Import {
  readonly method: string
  readonly how: 'well' | 'never' | 'failed' | 'killed' | 'wrong-hash'
  readonly task: Task
  /** Undefined: they are on their way. */
  bytes: Buffer | undefined
  hasFailed: boolean
  looks: number
}

export interface Call {
  readonly kind: CloudCall
  readonly request: IncomingMessage
  readonly id: string
  readonly rest: readonly string[]
  readonly query: URLSearchParams
  /** JSON of the body, but for an image's bytes. */
  readonly body: unknown
  readonly project: string
  readonly isAdmin: boolean
  readonly effect: CloudFault['effect'] | undefined
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly bytes?: Buffer
  /** Default: JSON. */
  readonly type?: string
}

/** Glance 25 (API 2.15) with one store, in memory. */
export class FakeGlance {
  readonly settings: CloudSettings
  readonly images = new Map<string, Stored>()
  readonly now: () => Date
  readonly #deleted = new Set<string>()

  constructor(settings: CloudSettings, now: () => Date) {
    this.settings = settings
    this.now = now
  }

  /** The roles of Glance's policies since 2023.1. */
  assertRole(kind: CloudCall, roles: readonly string[]): void {
    const isRead = ['list', 'get', 'read', 'tasks', 'info'].includes(kind)
    const isAllowed = roles.includes('admin') || roles.includes(isRead ? 'reader' : 'member')
    if (isAllowed) return
    if (kind === 'get') throw new Refusal(404, 'No image found')
    throw forbidden(`${kind}_image`)
  }

  #assertPolicy(policy: string, isAdmin: boolean): void {
    if (this.settings.denied.has(policy) || (policy === 'publicize_image' && !isAdmin))
      throw forbidden(policy)
  }

  #isVisible({ record, members }: Stored, { project, isAdmin, query, kind }: Call): boolean {
    const isOwn = record.owner === project
    const status = members.get(project)
    if (kind !== 'list') {
      return isOwn || isAdmin || ['public', 'community'].includes(record.visibility) || status !== undefined
    }
    const asked = query.get('visibility')
    if (asked !== null && asked !== 'all' && asked !== record.visibility) return false
    if (isOwn || isAdmin || record.visibility === 'public') return true
    if (record.visibility === 'community') return asked === 'community' || asked === 'all'
    return record.visibility === 'shared' && status === 'accepted'
  }

  /** @throws Refusal 404, also of an image that nobody may see */
  #find(call: Call): Stored {
    const stored = this.images.get(call.id)
    if (stored === undefined || !this.#isVisible(stored, call)) {
      throw new Refusal(404, `No image found with ID ${call.id}`)
    }
    return stored
  }

  /** @throws Refusal 403: an image of others */
  #findOwn(call: Call): Stored {
    const stored = this.#find(call)
    if (stored.record.owner !== call.project && !call.isAdmin) throw forbidden('modify_image')
    return stored
  }

  async answerTo(call: Call): Promise<Answer> {
    const handle: Record<CloudCall, () => Answer | Promise<Answer>> = {
      list: () => this.#list(call),
      get: () => this.#get(call),
      create: () => this.#create(call),
      patch: () => this.#patch(call),
      delete: () => this.#remove(call),
      stage: () => this.#stage(call),
      file: () => this.#file(call),
      read: () => this.#read(call),
      import: () => this.#beginImport(call),
      tasks: () => this.#tasks(call),
      info: () => this.#info(call),
      action: () => this.#action(call),
      members: () => this.#members(call),
    }
    return handle[call.kind]()
  }

  #list(call: Call): Answer {
    if (this.settings.endless) {
      const made = Array.from({ length: 500 }, () =>
        newRecord({ name: 'endless' }, randomUUID(), call.project, this.now()),
      )
      return { status: 200, body: { images: made.map(shown), next: '/v2/images?marker=x' } }
    }
    const visible = [...this.images.values()]
      .filter((stored) => this.#isVisible(stored, call))
      .map(({ record }) => record)
    const { images: found, next } = pageOf(visible, call.query, this.settings.pageSize)
    return {
      status: 200,
      body: {
        images: found.map(shown),
        first: '/v2/images',
        schema: '/v2/schemas/images',
        ...(next && { next }),
      },
    }
  }

  #get(call: Call): Answer {
    const stored = this.#find(call)
    const { record } = stored
    this.#advance(stored)
    return { status: 200, body: shown(record) }
  }

  #create({ body, project, isAdmin }: Call): Answer {
    const asked = body as Record<string, unknown>
    this.#assertPolicy('add_image', isAdmin)
    const id = (asked.id as string | undefined) ?? randomUUID()
    if (asked.visibility === 'public') this.#assertPolicy('publicize_image', isAdmin)
    if (asked.owner !== undefined && asked.owner !== project && !isAdmin) throw forbidden('add_image')
    const record = newRecord(asked, id, project, this.now())
    if (this.images.has(id) || this.#deleted.has(id)) throw new Refusal(409, `Image ID ${id} already exists!`)
    this.store(record)
    return { status: 201, body: shown(record) }
  }

  store(record: FakeRecord): Stored {
    const stored: Stored = {
      record,
      staged: undefined,
      bytes: undefined,
      members: new Map(),
      tasks: [],
      importing: undefined,
    }
    this.images.set(record.id, stored)
    return stored
  }

  #patch(call: Call): Answer {
    const stored = this.#findOwn(call)
    if (call.request.headers['content-type'] !== 'application/openstack-images-v2.1-json-patch') {
      throw new Refusal(415, 'The request media type is not supported by this server.')
    }
    this.#assertPolicy('modify_image', call.isAdmin)
    const next = patchedRecord(stored.record, call.body as [], this.now())
    if (next.visibility === 'public' && stored.record.visibility !== 'public') {
      this.#assertPolicy('publicize_image', call.isAdmin)
    }
    // The answer shows what was asked for; whatever works on the data then writes the record as it was.
    if (!this.#movesData(stored)) stored.record = next
    return { status: 200, body: shown(next) }
  }

  #movesData({ record, importing, staged }: Stored): boolean {
    return (
      importing !== undefined ||
      record.status === 'saving' ||
      (record.status === 'uploading' && staged === undefined)
    )
  }

  #remove(call: Call): Answer {
    const stored = this.#findOwn(call)
    const { id, protected: isProtected } = stored.record
    if (isProtected) throw new Refusal(403, `Image ${id} is protected and cannot be this.#deleted.`)
    if (this.settings.inUse.has(id)) {
      throw new Refusal(
        409,
        `Image ${id} could not be deleted because it is in use: The image cannot be deleted because it is in use`,
      )
    }
    this.images.delete(id)
    this.#deleted.add(id)
    return { status: 204 }
  }

  async #stage(call: Call): Promise<Answer> {
    const stored = this.#findOwn(call)
    if (!this.settings.importMethods.includes('glance-direct'))
      throw new Refusal(404, "'glance-direct' method is not available at this site.")
    this.#assertPolicy('modify_image', call.isAdmin)
    const bytes = await this.#receive(stored, 'uploading', call)
    stored.staged = bytes
    stored.record = { ...stored.record, size: bytes.length, updated_at: written(this.now()) }
    return { status: 204 }
  }

  async #file(call: Call): Promise<Answer> {
    const stored = this.#findOwn(call)
    this.#assertPolicy('upload_image', call.isAdmin)
    const { disk_format, container_format } = stored.record
    if (disk_format === null || container_format === null) {
      throw new Refusal(400, 'Properties disk_format, container_format must be set prior to saving data.')
    }
    const bytes = await this.#receive(stored, 'saving', call)
    if (call.effect?.type !== 'ends') this.activate(stored, bytes)
    else if (call.effect.how === 'wrong-hash') this.activate(stored, bytes, Buffer.from('other bytes'))
    else stored.record = { ...stored.record, status: call.effect.how === 'killed' ? 'killed' : 'saving' }
    return { status: 204 }
  }

  /** A body that is cut off leaves the image as it was. */
  async #receive(stored: Stored, status: 'uploading' | 'saving', call: Call): Promise<Buffer> {
    if (this.settings.wantsLength && call.request.headers['content-length'] === undefined) {
      throw new Refusal(411, 'Length Required')
    }
    const { record } = stored
    if (call.request.headers['content-type'] !== 'application/octet-stream') {
      throw new Refusal(415, 'The request media type is not supported by this server.')
    }
    if (record.status !== 'queued') {
      throw new Refusal(409, `Image status transition from ${record.status} to ${status} is not allowed`)
    }
    stored.record = { ...record, status }
    const used = [...this.images.values()]
      .filter((other) => other.record.owner === record.owner)
      .reduce((sum, other) => sum + (other.bytes?.length ?? other.staged?.length ?? 0), 0)
    const most = Math.min(this.settings.largestImage, this.settings.quota - used)
    const half = call.effect?.type === 'half' ? call.effect.bytes : Number.POSITIVE_INFINITY
    const chunks: Buffer[] = []
    let size = 0
    try {
      if (Number(call.request.headers['content-length'] ?? 0) > most) throw overQuota(record.id)
      for await (const chunk of call.request) {
        size += chunk.length
        if (size > most) throw overQuota(record.id)
        chunks.push(chunk)
      }
    } catch (error) {
      stored.record = { ...stored.record, status: 'queued', size: null }
      throw error
    }
    return Buffer.concat(chunks).subarray(0, half)
  }

  activate(stored: Stored, bytes: Buffer, hashed = bytes): void {
    stored.bytes = bytes
    stored.staged = undefined
    const { os_hash_value } = measured(hashed)
    stored.record = {
      ...stored.record,
      ...measured(bytes),
      os_hash_value,
      status: 'active',
      stores: 'local',
      updated_at: written(this.now()),
    }
  }

  #read(call: Call): Answer {
    const stored = this.#find(call)
    if (stored.record.status === 'deactivated' && !call.isAdmin) {
      throw new Refusal(403, 'The requested image has been deactivated. Image data download is forbidden.')
    }
    return stored.bytes === undefined ? { status: 204 } : { status: 200, bytes: stored.bytes }
  }

  async #beginImport(call: Call): Promise<Answer> {
    const stored = this.#findOwn(call)
    this.#assertPolicy('modify_image', call.isAdmin)
    const { method } = call.body as ImportRequest
    this.#assertImportable(stored, method)
    const task: Task = {
      id: randomUUID(),
      created_at: this.now().toISOString(),
      status: 'processing',
      message: '',
    }
    stored.tasks.push(task)
    const importing: Import = {
      method: method.name,
      how: call.effect?.type === 'ends' ? call.effect.how : 'well',
      task,
      // An import may begin before the staging has ended.
      bytes: method.name === 'glance-direct' ? (stored.staged ?? Buffer.alloc(0)) : undefined,
      hasFailed: false,
      looks: this.settings.importLooks,
    }
    stored.importing = importing
    stored.record = { ...stored.record, os_glance_import_task: task.id }
    if (method.uri !== undefined) void this.#fetchInto(importing, method.uri)
    return { status: 202 }
  }

  #assertImportable({ record, importing }: Stored, method: ImportRequest['method']): void {
    if (!this.settings.importMethods.includes(method.name)) {
      throw new Refusal(400, `Import method '${method.name}' is not available`)
    }
    const { status, disk_format, container_format } = record
    if (importing !== undefined) throw new Refusal(409, 'Unable to acquire import lock')
    if (disk_format === null || container_format === null) {
      throw new Refusal(409, "'container_format' needs to be set before import")
    }
    if (method.name === 'glance-direct' && status !== 'uploading') {
      throw new Refusal(409, "Image needs to be staged before 'glance-direct' method can be used")
    }
    if (method.name === 'web-download' && status !== 'queued') {
      throw new Refusal(409, "Image needs to be in 'queued' state to use 'web-download' method")
    }
    if (method.name === 'web-download' && !/^https?:\/\/./.test(method.uri ?? '')) {
      throw new Refusal(400, 'Given uri is not allowed.')
    }
  }

  async #fetchInto(importing: Import, uri: string): Promise<void> {
    try {
      const answer = await fetch(uri)
      if (!answer.ok || !answer.headers.has('content-length')) throw new Error('no length')
      importing.bytes = Buffer.from(await answer.arrayBuffer())
    } catch {
      importing.hasFailed = true
    }
  }

  /** An import goes on by being looked at: so tests need no time. The lock is still there when the image is active. */
  #advance(stored: Stored): void {
    const { importing } = stored
    if (importing === undefined || importing.how === 'never') return
    if (importing.bytes === undefined && !importing.hasFailed) return
    importing.looks -= 1
    if (importing.looks > 0) {
      stored.record = { ...stored.record, status: 'importing' }
      return
    }
    if (importing.hasFailed || importing.how === 'failed' || importing.how === 'killed') {
      this.#failImport(stored, importing)
    } else if (importing.looks === 0) this.#takeIn(stored, importing)
    else this.#endImport(stored, importing, 'success', 'Copied 0 MiB')
  }

  /** Of staged data the image stays as it is for ever. */
  #failImport(stored: Stored, importing: Import): void {
    this.#endImport(stored, importing, 'failure', 'Task failed due to Internal Error')
    const isDirect = importing.method === 'glance-direct'
    const left = importing.how === 'killed' ? 'killed' : isDirect ? 'importing' : 'queued'
    const os_glance_failed_import = isDirect ? '' : 'local'
    stored.record = { ...stored.record, status: left, os_glance_failed_import }
  }

  #takeIn(stored: Stored, { bytes = Buffer.alloc(0), how }: Import): void {
    const kept = this.settings.converts ? Buffer.concat([bytes, Buffer.from('converted')]) : bytes
    this.activate(stored, kept, how === 'wrong-hash' ? Buffer.from('other bytes') : kept)
    if (this.settings.converts) stored.record = { ...stored.record, disk_format: 'raw' }
  }

  #endImport(stored: Stored, { task }: Import, status: string, message: string): void {
    stored.importing = undefined
    task.status = status
    task.message = message
    const { os_glance_import_task: _, ...record } = stored.record
    stored.record = {
      os_glance_importing_to_stores: '',
      os_glance_failed_import: '',
      ...record,
    } as FakeRecord
  }

  #tasks(call: Call): Answer {
    const stored = this.#find(call)
    this.#assertPolicy('get_tasks', call.isAdmin)
    const body = {
      tasks: stored.tasks.map((task) => ({ ...task, type: 'api_image_import', image_id: call.id })),
    }
    return { status: 200, body }
  }

  #info({ rest, id }: Call): Answer {
    if (id === 'stores') return { status: 200, body: { stores: [{ id: 'local', default: 'true' }] } }
    if (id === 'usage') return { status: 200, body: { usage: this.settings.usage } }
    if (id !== 'import' || rest.length > 0) throw new Refusal(404, 'The resource could not be found.')
    const value = this.settings.importMethods
    return {
      status: 200,
      body: { 'import-methods': { description: 'Import methods available.', type: 'array', value } },
    }
  }

  #action(call: Call): Answer {
    const stored = this.#findOwn(call)
    const { status } = stored.record
    const wanted = call.rest[1] === 'deactivate' ? 'deactivated' : 'active'
    this.#assertPolicy(`${call.rest[1]}`, call.isAdmin)
    if (status !== 'active' && status !== 'deactivated') {
      throw new Refusal(403, `Not allowed to ${call.rest[1]} image in status '${status}'`)
    }
    stored.record = { ...stored.record, status: wanted }
    return { status: 204 }
  }

  #members(call: Call): Answer {
    const stored = this.#find(call)
    const { method = 'GET' } = call.request
    if (stored.record.visibility !== 'shared') {
      const what = method === 'GET' ? 'list' : 'create'
      throw new Refusal(
        403,
        `Not allowed to ${what} members for image ${call.id}: Only shared images have members.`,
      )
    }
    if (method === 'POST') return this.#addMember(stored, call)
    if (method === 'PUT') return this.#setMember(stored, call)
    return { status: 200, body: { members: [...stored.members.keys()].map((id) => memberOf(stored, id)) } }
  }

  #addMember(stored: Stored, call: Call): Answer {
    const { member } = call.body as { member: string }
    if (stored.members.has(member))
      throw new Refusal(409, `Member ${member} is duplicated for image ${call.id}`)
    if (stored.members.size >= 128) throw tooMany('members', stored.members.size + 1)
    stored.members.set(member, 'pending')
    return { status: 200, body: memberOf(stored, member) }
  }

  #setMember(stored: Stored, call: Call): Answer {
    const [, project = ''] = call.rest
    if (!stored.members.has(project)) {
      throw new Refusal(404, `${project} not found in the member list of the image ${call.id}.`)
    }
    if (project !== call.project && !call.isAdmin) throw forbidden('modify_member')
    stored.members.set(project, (call.body as { status: string }).status)
    return { status: 200, body: memberOf(stored, project) }
  }
}

interface ImportRequest {
  readonly method: { readonly name: string; readonly uri?: string }
}

function memberOf({ record, members }: Stored, project: string): object {
  return { member_id: project, image_id: record.id, status: members.get(project) }
}

function forbidden(policy: string): Refusal {
  return new Refusal(403, `You are not authorized to complete ${policy} action.`)
}

function overQuota(id: string): Refusal {
  return new Refusal(413, `Image storage quota exceeded: the size of ${id} is over the limit`)
}

function shown(record: FakeRecord): Record<string, unknown> {
  const self = `/v2/images/${record.id}`
  return { ...record, self, file: `${self}/file`, schema: '/v2/schemas/image' }
}

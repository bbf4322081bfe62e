import { createHash } from 'node:crypto'
import type { Change } from '../../src/cloud/change.ts'
import { type Definition, readCloudDefinitions } from '../../src/cloud/definition.ts'
import { callOf } from '../../src/cloud/describe.ts'
import type { CloudImage, PatchOperation, Visibility } from '../../src/cloud/image.ts'
import { type CloudPlan, planCloud } from '../../src/cloud/plan.ts'
import { type Bring, claimOf, creationOf, describing, promotionOf } from '../../src/cloud/promotion.ts'
import type { PlanContext } from '../../src/cloud/scene.ts'

export const hour = 3600_000
export const day = 24 * hour

export function digestOf(content: string, algorithm: 'sha256' | 'sha512' | 'md5' = 'sha256'): string {
  return `${algorithm}:${hashOf(content, algorithm)}`
}

function hashOf(content: string, algorithm = 'sha512'): string {
  return createHash(algorithm).update(content).digest('hex')
}

/** Stops whoever calls: the process was killed. */
export class Killed extends Error {}

/** What Glance holds, changed by the calls that a plan makes, as the real one takes them. */
export class GlanceModel {
  readonly images = new Map<string, CloudImage>()
  /** Bytes by image. */
  readonly contents = new Map<string, string>()
  /** Is told after each call. */
  onCall: (() => void) | undefined
  now: Date
  /** Calls until the kill. */
  left = Number.POSITIVE_INFINITY
  #serial = 0

  constructor(now = new Date('2026-11-30T12:00:00Z')) {
    this.now = now
  }

  list(): CloudImage[] {
    return [...this.images.values()]
  }

  /** Puts an image there that somebody else has made. */
  put(image: Partial<CloudImage>, content?: string): CloudImage {
    this.now = new Date(this.now.getTime() + 1000)
    const id = image.id ?? this.#newId()
    const whole: CloudImage = {
      id,
      name: '',
      status: content === undefined ? 'queued' : 'active',
      visibility: 'private',
      isHidden: false,
      isProtected: false,
      owner: 'ours',
      size: content?.length,
      minDisk: 0,
      minRam: 0,
      diskFormat: 'qcow2',
      containerFormat: 'bare',
      tags: [],
      hash: content === undefined ? undefined : { algorithm: 'sha512', hex: hashOf(content) },
      createdAt: this.now,
      updatedAt: this.now,
      properties: {},
      ...image,
    }
    this.images.set(id, whole)
    if (content !== undefined) this.contents.set(id, content)
    return whole
  }

  create({
    id,
    name,
    visibility,
    disk_format,
    container_format,
    min_disk,
    min_ram,
    ...properties
  }: Readonly<Record<string, unknown>>) {
    return this.#call(() => {
      if (this.images.has(String(id))) throw new Error(`409: ${id} is there`)
      return this.put({
        id: id === undefined ? this.#newId() : String(id),
        name: String(name),
        visibility: visibility as Visibility,
        diskFormat: String(disk_format),
        containerFormat: String(container_format),
        minDisk: Number(min_disk),
        minRam: Number(min_ram),
        properties: textsOf(properties),
      })
    })
  }

  upload(id: string, content: string): CloudImage {
    return this.#call(() => {
      const image = this.get(id)
      if (image.status !== 'queued') throw new Error(`409: ${id} is ${image.status}`)
      this.contents.set(id, content)
      const hash = { algorithm: 'sha512', hex: hashOf(content) }
      return this.#set({ ...image, status: 'active', size: content.length, hash })
    })
  }

  carryOut({ image: { id }, action }: Change): void {
    this.#call(() => {
      const image = this.get(id)
      switch (action.kind) {
        case 'remove':
          if (image.isProtected) throw new Error(`403: ${id} is protected`)
          this.images.delete(id)
          this.contents.delete(id)
          return
        case 'deactivate':
        case 'reactivate':
          if (!['active', 'deactivated'].includes(image.status)) throw new Error('403')
          this.#set({ ...image, status: action.kind === 'reactivate' ? 'active' : 'deactivated' })
          return
        case 'patch':
          this.#set(action.operations.reduce(applied, image))
      }
    })
  }

  get(id: string): CloudImage {
    const image = this.images.get(id)
    if (image === undefined) throw new Error(`404: no image ${id}`)
    return image
  }

  #set(image: CloudImage): CloudImage {
    this.now = new Date(this.now.getTime() + 1000)
    const changed = { ...image, updatedAt: this.now }
    this.images.set(image.id, changed)
    return changed
  }

  #call<T>(call: () => T): T {
    if (this.left <= 0) throw new Killed()
    this.left -= 1
    const answer = call()
    this.onCall?.()
    return answer
  }

  #newId(): string {
    this.#serial += 1
    return `${String(this.#serial).padStart(8, '0')}-0000-4000-8000-000000000000`
  }
}

const base: Readonly<Record<string, keyof CloudImage>> = {
  name: 'name',
  visibility: 'visibility',
  os_hidden: 'isHidden',
  min_disk: 'minDisk',
  min_ram: 'minRam',
  tags: 'tags',
}

function applied(image: CloudImage, { op, path, value }: PatchOperation): CloudImage {
  const key = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  const field = base[key]
  if (field !== undefined) {
    if (op === 'remove') throw new Error(`403: ${key} can't be removed`)
    return { ...image, [field]: value }
  }
  const { [key]: before, ...rest } = image.properties
  if (op !== 'add' && before === undefined) throw new Error(`409: no property ${key}`)
  if (op === 'remove') return { ...image, properties: rest }
  if (typeof value !== 'string') throw new Error(`400: ${key} is no text`)
  return { ...image, properties: { ...rest, [key]: value } }
}

function textsOf(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(properties)
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    throw new Error('400')
  return Object.fromEntries(entries)
}

/** A catalogue file is YAML; JSON is too. */
export function definitionsOf(...images: readonly object[]): Definition[] {
  return readCloudDefinitions('catalog.yml', JSON.stringify({ images })).map(({ definition, defects }) => {
    if (definition === undefined) throw defects[0]
    return definition
  })
}

export function contextOf(changes: Partial<PlanContext> = {}): PlanContext {
  return {
    project: 'ours',
    tag: 'managed_by_osism',
    retire: 'hide',
    isConfirmed: false,
    now: new Date('2026-11-30T12:00:00Z'),
    run: 'run',
    importTimeout: 2 * hour,
    ...changes,
  }
}

/** Carries a plan out, as a run does. @param contents bytes by their digest, `algorithm:hex` */
export function carryOut(
  glance: GlanceModel,
  plan: CloudPlan,
  context: PlanContext,
  contents: ReadonlyMap<string, string>,
): void {
  for (const change of plan.leftovers) glance.carryOut(change)
  for (const { repairs, brings, corrections, retirements } of plan.images) {
    for (const change of repairs) glance.carryOut(change)
    for (const bring of brings) carryOutBring(glance, bring, context, contents)
    for (const change of corrections) glance.carryOut(change)
    for (const change of retirements) if (change.hold === undefined) glance.carryOut(change)
  }
}

function carryOutBring(
  glance: GlanceModel,
  bring: Bring,
  context: PlanContext,
  contents: ReadonlyMap<string, string>,
): void {
  const { digest } = bring.version
  const content = contents.get(`${digest?.algorithm}:${digest?.hex}`)
  if (content === undefined) throw new Error('a version without bytes is brought')
  for (const change of claimOf(bring, context)) glance.carryOut(change)
  const record = bring.resumes ?? glance.create(creationOf(bring, context))
  const image = record.status === 'active' ? record : glance.upload(record.id, content)
  glance.carryOut(describing(bring, image, context))
  const changes = promotionOf(bring, glance.get(image.id), glance.list(), context)
  for (const change of changes) glance.carryOut(change)
}

/** One run. */
export function publish(
  glance: GlanceModel,
  definitions: readonly Definition[],
  context: PlanContext,
  contents: ReadonlyMap<string, string>,
): CloudPlan {
  const plan = planCloud(definitions, glance.list(), context)
  carryOut(glance, plan, context, contents)
  return plan
}

/** A plan in a line for each call, for tables of tests. */
export function told(plan: CloudPlan): string[] {
  const lines = (changes: readonly Change[]) =>
    changes.map((change) => `${change.image.id.slice(0, 8)} ${callOf(change).about}`)
  return plan.images.flatMap(({ repairs, brings, corrections, retirements }) => [
    ...lines(repairs),
    ...brings.map(({ version, record }) => `brings ${version.version} as ${record.name}`),
    ...lines(corrections),
    ...retirements.flatMap((one) =>
      lines([one]).map((line) => (one.hold === undefined ? line : `held (${one.hold}): ${line}`)),
    ),
  ])
}

import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { UpdaterError } from '../errors.ts'
import { sleep } from '../http/abort.ts'
import { type Call, ImageApi, pathOf } from './api.ts'
import { changed } from './change.ts'
import { GlanceError, isDoubtful, messageOf } from './glance-errors.ts'
import type { CloudImage, PatchOperation } from './image.ts'
import { type ListLimits, listImages, type Search } from './list.ts'
import {
  type Member,
  type Quota,
  readImportMethods,
  readMembers,
  readNewestTask,
  readQuota,
  type Task,
} from './record.ts'
import type { CloudSession } from './session.ts'

export type { Search }

/** What became of an image that was to be deleted. `gone`: it was not there any more. */
export type Removal = 'removed' | 'in-use' | 'protected' | 'gone'

export interface GlanceOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
  /** How the pauses between two looks at an image pass. */
  readonly sleep?: typeof sleep
  /** Images of one page of a list. Default: 500. */
  readonly pageSize?: number
  /** Images of one list; more are an error. Default: 50,000. */
  readonly mostImages?: number
}

export interface DataOptions {
  /** Bytes that come, if they are known. */
  readonly length?: number | undefined
  /** Milliseconds from the last byte to the answer: the store of the cloud may need its time. */
  readonly answerTimeout: number
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds between two looks at an image: the first pause, and the longest. */
const pauses = { first: 250, growth: 1.5, longest: 10_000 }
const patchType = 'application/openstack-images-v2.1-json-patch'

/**
 * The Image API of a cloud.
 * Every method throws UpdaterError CLOUD_AUTH, CLOUD_DENIED, CLOUD_UNREACHABLE, CLOUD_QUOTA, CLOUD_CONFLICT (the image's
 * state, or its id), CLOUD_FAILED (any other answer), and ABORTED.
 * @see https://docs.openstack.org/api-ref/image/v2/
 */
export class Glance {
  readonly session: CloudSession
  readonly #api: ImageApi
  readonly #now: () => number
  readonly #sleep: typeof sleep
  readonly #limits: ListLimits

  constructor(session: CloudSession, options: GlanceOptions = {}) {
    const { now = () => performance.now(), pageSize = 500, mostImages = 50_000 } = options
    this.session = session
    this.#api = new ImageApi(session)
    this.#now = now
    this.#sleep = options.sleep ?? sleep
    this.#limits = { pageSize, mostImages }
  }

  /** Returns the time by Glance's clock, which its images' dates are of; by ours until it has answered. */
  serverTime(): Date {
    return this.#api.serverTime()
  }

  /** Returns every image that a search finds, hidden ones too. */
  list(search: Search, signal?: AbortSignal): Promise<CloudImage[]> {
    return listImages(this.#api, search, this.#limits, signal)
  }

  /** Returns an image, or undefined if there is none that we may see. */
  async get(id: string, signal?: AbortSignal): Promise<CloudImage | undefined> {
    const call = { what: `Reading the image ${id}`, method: 'GET', path: pathOf(id), signal }
    return this.#api.image(call, id).catch(unlessMissing)
  }

  /**
   * Creates an image without data. If the answer is lost, the image is looked for, or created again under the same id.
   * @param record as Glance takes it. Without an `id`, which has to be a UUID, it gets a new one
   */
  async create(record: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<CloudImage> {
    const name = String(record.name ?? '')
    const id = String(record.id ?? randomUUID())
    // Nobody else has an id that is new: what has it then is what an attempt before has made.
    const isNew = record.id === undefined
    const call: Call = {
      what: `Creating the image "${name}"`,
      method: 'POST',
      path: '/v2/images',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...record, id }),
      isRepeatable: isNew,
      signal,
    }
    try {
      const created = await this.#api.image(call, id)
      if (created.name === name) return created
      throw this.#api.strange(call, `Glance calls it "${created.name}"`)
    } catch (error) {
      const isDoubt = isDoubtful(error) || (isNew && isConflict(error))
      const found = isDoubt ? await this.get(id, signal).catch(() => undefined) : undefined
      if (found?.name !== name || found.status !== 'queued') throw error
      return found
    }
  }

  /**
   * Changes a record: all operations, or none. If the answer is lost, it is tried again. Nothing may be written while the
   * image's data moves, since Glance loses it; if the answer shows that it does, that is CLOUD_CONFLICT.
   */
  async patch(id: string, operations: readonly PatchOperation[], signal?: AbortSignal): Promise<CloudImage> {
    const call: Call = {
      what: `Changing the image ${id}`,
      method: 'PATCH',
      path: pathOf(id),
      headers: { 'content-type': patchType },
      body: JSON.stringify(operations),
      isRepeatable: true,
      signal,
    }
    const image = await this.#api.image(call, id).catch(async (error) => {
      // A property that an attempt before has removed can't be removed again.
      const found = isConflict(error) ? await this.get(id, signal).catch(() => undefined) : undefined
      if (found === undefined || !isCarriedOut(operations, found)) throw error
      return found
    })
    if (!isMoving(image)) return image
    const message = `${call.what} in the cloud ${this.session.cloud}: its data moves (${image.status}), so Glance may lose the change`
    throw new UpdaterError('CLOUD_CONFLICT', message, {
      remedy: 'Look whether another run is at work; then run again',
    })
  }

  /** Deletes an image, in whatever state it is. */
  async remove(id: string, signal?: AbortSignal): Promise<Removal> {
    const what = `Deleting the image ${id}`
    try {
      await this.#api.call({ what, method: 'DELETE', path: pathOf(id), signal })
      return 'removed'
    } catch (error) {
      const status = error instanceof GlanceError ? error.status : undefined
      if (status === 404) return 'gone'
      if (status === 409) return 'in-use'
      if (status === 403 && (await this.get(id, signal))?.isProtected) return 'protected'
      throw error
    }
  }

  /** Nobody but administrators can read or boot an image that is deactivated. It may be so already. */
  async deactivate(id: string, signal?: AbortSignal): Promise<void> {
    await this.#act(`Deactivating the image ${id}`, `${pathOf(id)}/actions/deactivate`, signal)
  }

  async reactivate(id: string, signal?: AbortSignal): Promise<void> {
    await this.#act(`Reactivating the image ${id}`, `${pathOf(id)}/actions/reactivate`, signal)
  }

  /** Returns the projects with which a shared image is shared; other images have none, and Glance refuses to tell. */
  async members(id: string, signal?: AbortSignal): Promise<readonly Member[]> {
    const what = `Reading the members of the image ${id}`
    const call = { what, method: 'GET', path: `${pathOf(id)}/members`, signal }
    return this.#api.read(call, readMembers)
  }

  /** Shares a shared image with a project; it may be so already. Glance takes any text for a project's id. */
  async addMember(id: string, project: string, signal?: AbortSignal): Promise<void> {
    const call: Call = {
      what: `Sharing the image ${id} with ${project}`,
      method: 'POST',
      path: `${pathOf(id)}/members`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ member: project }),
      isRepeatable: true,
      signal,
    }
    await this.#api.call(call).catch((error) => {
      if (!(error instanceof GlanceError && error.status === 409)) throw error
    })
  }

  /** Accepts an image for a project: only who may act for that project, or an administrator, can. */
  async acceptMember(id: string, project: string, signal?: AbortSignal): Promise<void> {
    await this.#api.call({
      what: `Accepting the image ${id} for ${project}`,
      method: 'PUT',
      path: `${pathOf(id)}/members/${encodeURIComponent(project)}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'accepted' }),
      signal,
    })
  }

  /** Returns how images can be imported, e.g. `glance-direct`; nothing where importing is switched off or forbidden. */
  async importMethods(signal?: AbortSignal): Promise<readonly string[]> {
    const call = { what: 'Asking how images are imported', method: 'GET', path: '/v2/info/import', signal }
    return this.#api.read(call, readImportMethods).catch((error) => {
      if (error instanceof GlanceError && [403, 404, 405].includes(error.status)) return []
      throw error
    })
  }

  /** Returns what the project has used of its quota; nothing where Glance does not tell. */
  async quota(signal?: AbortSignal): Promise<Quota> {
    const call = { what: 'Asking for the quota', method: 'GET', path: '/v2/info/usage', signal }
    return this.#api.read(call, readQuota).catch((error) => {
      if (error instanceof GlanceError && [403, 404, 405].includes(error.status)) return {}
      throw error
    })
  }

  /**
   * Sends an image's bytes: into the staging area (`stage`), from where an import takes them, or to their place (`file`).
   * The record has to be `queued`, with both formats.
   */
  async sendData(
    id: string,
    where: 'stage' | 'file',
    body: AsyncIterable<Uint8Array>,
    options: DataOptions,
  ): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream' }
    const what = `Sending the image ${id}`
    await this.#api.call({ what, method: 'PUT', path: `${pathOf(id)}/${where}`, headers, body, ...options })
  }

  /**
   * Has Glance import what was staged, and returns the image when that has ended.
   * @param timeout milliseconds
   * @throws UpdaterError CLOUD_IMPORT: it failed, or did not end. Such an image can only be deleted.
   */
  async importStaged(id: string, timeout: number, signal?: AbortSignal): Promise<CloudImage> {
    return this.#import(id, { name: 'glance-direct' }, timeout, signal)
  }

  /**
   * Has Glance fetch a URL, and returns the image when that has ended. Arguments as for `importStaged`.
   * @throws UpdaterError CLOUD_IMPORT: it failed, or did not end
   */
  async download(id: string, url: string, timeout: number, signal?: AbortSignal): Promise<CloudImage> {
    return this.#import(id, { name: 'web-download', uri: url }, timeout, signal)
  }

  /**
   * Waits until an image is active and nothing works on it any more.
   * An import is under way as long as the record has `os_glance_import_task`. Without it an image that is not active
   * stays as it is for ever, also `importing`, which is what a failed import of staged data leaves.
   * @param timeout milliseconds
   * @throws UpdaterError CLOUD_IMPORT
   */
  async awaitActive(id: string, timeout: number, signal?: AbortSignal): Promise<CloudImage> {
    const isActive = (image: CloudImage) => image.status === 'active'
    const image = await this.#watch(id, isActive, timeout, signal)
    if (isActive(image)) return image
    throw this.#failedImport(image, await this.#newestTask(id, signal))
  }

  /**
   * Waits until as many bytes are staged, and nothing works on the image any more.
   * @param timeout milliseconds
   * @throws UpdaterError CLOUD_MISMATCH: there are other ones; Glance would make an image of them, too
   */
  async awaitStaged(id: string, size: number, timeout: number, signal?: AbortSignal): Promise<CloudImage> {
    const isStaged = (image: CloudImage) => image.status === 'uploading' && image.size === size
    const image = await this.#watch(id, isStaged, timeout, signal)
    if (isStaged(image)) return image
    throw otherSize(this.session.cloud, image, size)
  }

  /** Yields an image's stored bytes, as they are before any conversion. */
  async *read(id: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const call = {
      what: `Reading the data of the image ${id}`,
      method: 'GET',
      path: `${pathOf(id)}/file`,
      signal,
    }
    try {
      const answer = await this.#api.open(call)
      if (answer.status === 204) throw this.#api.strange(call, 'Glance has no data of it')
      yield* answer.body
    } catch (thrown) {
      throw this.#api.unreachable(call, thrown)
    }
  }

  /**
   * Looks at an image until it is as wanted and nothing works on it any more, or nothing would change it.
   * @throws UpdaterError CLOUD_IMPORT: neither came in time, or the image is gone
   */
  async #watch(
    id: string,
    isWanted: (image: CloudImage) => boolean,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<CloudImage> {
    const end = this.#now() + timeout
    let known: CloudImage | undefined
    let idle = 0
    for (let pause = pauses.first; ; pause = Math.min(pause * pauses.growth, pauses.longest)) {
      const image = await this.#look(id, signal)
      known = image ?? known
      if (image !== undefined && !isMoving(image)) {
        if (isWanted(image)) return image
        idle += 1
        // The first look may be at a database that lags behind, and a policy may hide what tells an import.
        if (idle > 1 && !(await this.#newestTask(id, signal))?.isRunning) return image
      }
      const left = end - this.#now()
      if (left <= 0) throw this.#endless(id, known, timeout)
      await this.#sleep(Math.min(pause, left), signal)
    }
  }

  async #act(what: string, path: string, signal: AbortSignal | undefined): Promise<void> {
    await this.#api.call({ what, method: 'POST', path, isRepeatable: true, signal })
  }

  /**
   * An answer that is lost says nothing, and one that is under way already is refused: whether it was begun is seen by
   * waiting for it.
   */
  async #import(
    id: string,
    method: Readonly<Record<string, string>>,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<CloudImage> {
    const call: Call = {
      what: `Importing the image ${id} (${method.name})`,
      method: 'POST',
      path: `${pathOf(id)}/import`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method }),
      isRepeatable: true,
      signal,
    }
    const doubt = await this.#api.call(call).then(
      () => undefined,
      (error: unknown) => {
        if (!isDoubtful(error) && !isConflict(error)) throw error
        return error
      },
    )
    return this.awaitActive(id, timeout, signal).catch((error) => {
      throw signal?.aborted ? error : (doubt ?? error)
    })
  }

  /**
   * Returns an image, or undefined if Glance can't be asked just now: an import goes on without it.
   * @throws UpdaterError CLOUD_IMPORT: the image is gone
   */
  async #look(id: string, signal: AbortSignal | undefined): Promise<CloudImage | undefined> {
    const image = await this.get(id, signal).catch((error) => {
      if (!isDoubtful(error)) throw error
      return 'unknown' as const
    })
    if (image === 'unknown') return undefined
    if (image !== undefined) return image
    const message = `The image ${id} was deleted in the cloud ${this.session.cloud} before it was active`
    throw new UpdaterError('CLOUD_IMPORT', message, { remedy: 'Look who has deleted it, then run again' })
  }

  /** Returns what Glance says of the newest task of an image, if it says anything: it may be forbidden to ask. */
  async #newestTask(id: string, signal: AbortSignal | undefined): Promise<Task | undefined> {
    const what = `Reading the tasks of the image ${id}`
    const call = { what, method: 'GET', path: `${pathOf(id)}/tasks`, signal }
    try {
      return await this.#api.read(call, readNewestTask)
    } catch (error) {
      if (signal?.aborted) throw error
      return undefined
    }
  }

  #failedImport({ id, status, properties }: CloudImage, task: Task | undefined): UpdaterError {
    const { os_glance_failed_import: stores = '' } = properties
    const told = [stores === '' ? '' : `stores: ${stores}`, messageOf(task?.message ?? '')].filter(Boolean)
    const why = told.length === 0 ? '' : ` (${told.join('; ')})`
    const message = `The cloud ${this.session.cloud} did not take the data of the image ${id}: it is ${status}, and nothing works on it${why}`
    return new UpdaterError('CLOUD_IMPORT', message, {
      remedy: "Ask the cloud's operator what Glance's log says; another --import may work",
    })
  }

  #endless(id: string, image: CloudImage | undefined, timeout: number): UpdaterError {
    const state = image === undefined ? 'nobody knows how it is' : `it is ${image.status}`
    const message = `The image ${id} in the cloud ${this.session.cloud} was not active within ${Math.round(timeout / 1000)} s: ${state}`
    return new UpdaterError('CLOUD_IMPORT', message, {
      remedy: "Give it more time with --import-timeout, or ask the cloud's operator what it waits for",
    })
  }
}

/** Whether data is on its way into an image: until it is there, Glance loses what is written to the record. */
export function isMoving({ status, size, properties }: CloudImage): boolean {
  if (properties.os_glance_import_task !== undefined) return true
  return status === 'saving' || (status === 'uploading' && size === undefined)
}

/** CLOUD_MISMATCH: an image has other than the bytes that were sent. */
export function otherSize(cloud: string, { id, size }: CloudImage, wanted: number): UpdaterError {
  const has = size === undefined ? 'no data' : `${size} bytes`
  const message = `Of the image ${id} the cloud ${cloud} has ${has} instead of ${wanted} bytes`
  return new UpdaterError('CLOUD_MISMATCH', message, {
    remedy: 'Run again; if it stays, something between here and Glance cuts uploads off',
  })
}

function isConflict(error: unknown): boolean {
  return error instanceof GlanceError && error.status === 409
}

/** Is an image as these operations make it? */
function isCarriedOut(operations: readonly PatchOperation[], image: CloudImage): boolean {
  const wanted = changed(image, { kind: 'patch', operations })
  const inOrder = (one: CloudImage | undefined) => one && { ...one, tags: [...one.tags].sort() }
  return isDeepStrictEqual(inOrder(wanted), inOrder(image))
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof GlanceError && error.status === 404)) throw error
}

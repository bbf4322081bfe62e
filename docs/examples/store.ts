import {
  type ListedObject,
  type ObjectRecord,
  objectKind,
  type Stale,
  type Store,
  type StoredObject,
  UpdaterError,
  type Upload,
  type UploadIntent,
} from 'openstack-image-updater'

interface Kept extends StoredObject {
  readonly bytes: Buffer
}

/** Keeps objects in memory. Another one talks to its server in the same places. */
export class MemoryStore implements Store {
  readonly place = 'memory'
  readonly objects = new Map<string, Kept>()
  /** Uploads that are under way, with the moment at which they began. */
  readonly #open = new Map<Upload, { readonly key: string; readonly begun: Date }>()

  async ready(): Promise<void> {}

  async stat(key: string): Promise<StoredObject | undefined> {
    return this.objects.get(key)
  }

  async read(key: string, limit: number): Promise<string | undefined> {
    return this.objects.get(key)?.bytes.subarray(0, limit).toString()
  }

  async begin(key: string, { signal }: UploadIntent): Promise<Upload> {
    const parts: Buffer[] = []
    const upload: Upload = {
      partSize: 8 * 2 ** 20,
      concurrency: 2,
      write: async (part) => {
        if (signal?.aborted) throw new UpdaterError('ABORTED', 'The upload was aborted')
        parts.push(Buffer.from(part))
      },
      complete: async (record: ObjectRecord) => {
        const bytes = Buffer.concat(parts)
        if (!this.#open.has(upload) || bytes.length !== record.size) {
          throw new UpdaterError('STORE_FAILED', `${key} was not stored whole`)
        }
        this.#open.delete(upload)
        this.objects.set(key, { key, size: bytes.length, lastModified: new Date(), record, bytes })
        return []
      },
      abort: async () => {
        this.#open.delete(upload)
      },
    }
    this.#open.set(upload, { key, begun: new Date() })
    return upload
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ListedObject> {
    for (const object of this.objects.values()) {
      if (signal?.aborted) throw new UpdaterError('ABORTED', 'The listing was aborted')
      if (object.key.startsWith(prefix)) yield object
    }
    if (signal?.aborted) throw new UpdaterError('ABORTED', 'The listing was aborted')
  }

  async remove(key: string): Promise<void> {
    this.objects.delete(key)
  }

  async abortStale({ prefix, before }: Stale): Promise<number> {
    const stale = [...this.#open].filter(
      ([, { key, begun }]) => begun < before && objectKind(key, prefix) === 'final',
    )
    for (const [upload] of stale) this.#open.delete(upload)
    return stale.length
  }
}

/** What Glance says of an image's life (Image API v2.15, `status`). */
export const cloudStatuses = [
  'queued',
  'saving',
  'uploading',
  'importing',
  'active',
  'deactivated',
  'killed',
  'deleted',
  'pending_delete',
] as const
export type CloudStatus = (typeof cloudStatuses)[number]

/** Who can see an image (Image API v2, `visibility`). */
export const visibilities = ['public', 'community', 'shared', 'private'] as const
export type Visibility = (typeof visibilities)[number]

/** An image as Glance has it, as far as it is read. */
export interface CloudImage {
  readonly id: string
  /** Empty if it has none. */
  readonly name: string
  readonly status: CloudStatus
  readonly visibility: Visibility
  /** Lists leave it out unless they ask for it (`os_hidden`). */
  readonly isHidden: boolean
  /** Nobody can delete it before that is taken back. */
  readonly isProtected: boolean
  /** Id of a project. */
  readonly owner: string | undefined
  /** Bytes. */
  readonly size: number | undefined
  /** GiB. */
  readonly minDisk: number
  /** MiB. */
  readonly minRam: number
  readonly diskFormat: string | undefined
  readonly containerFormat: string | undefined
  readonly tags: readonly string[]
  /** Of the stored bytes, in the algorithm that the cloud's operator chose (`os_hash_algo`, `os_hash_value`). */
  readonly hash: { readonly algorithm: string; readonly hex: string } | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
  /** All that is not named above. */
  readonly properties: Readonly<Record<string, string>>
}

/** One change of an image's record (RFC 6902, as Glance takes it: keys of the first level). */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove'
  /** `/` and the key, with `~1` for a slash in it and `~0` for a tilde. */
  readonly path: string
  readonly value?: unknown
}

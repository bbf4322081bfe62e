/** Where mirrored images go. */
export type MirrorOptions =
  | {
      readonly kind: 's3'
      /** `HOST[:PORT]` (https) or a URL; `http://…` for plain HTTP. */
      readonly server: string
      /** `bucket`, or `bucket/prefix`: what follows the first slash goes before every key. */
      readonly bucket: string
      readonly region: string
      /** Path between the server and the bucket in public URLs, e.g. `swift/v1/AUTH_…/`; may be empty. */
      readonly swiftPrefix: string
      /** Before every object's key, e.g. `images/`; may be empty. */
      readonly keyPrefix: string
      /** Both or none; none: the AWS default chain (environment, profiles, instance metadata). */
      readonly accessKey?: string | undefined
      readonly secretKey?: string | undefined
      /** Canned ACL of uploaded objects, e.g. `public-read`; empty: none is sent. */
      readonly acl: string
      /** Public base of the mirror: `mirror_url` is `baseUrl/shortname/file`. Default: from server, prefix and bucket. */
      readonly baseUrl?: string | undefined
    }
  | {
      readonly kind: 'directory'
      readonly dir: string
      readonly keyPrefix: string
      /** Default: `file://` and the folder. */
      readonly baseUrl?: string | undefined
    }
  | {
      /** Nothing is uploaded. */
      readonly kind: 'none'
      /** `mirror_url` is written where, and only where, the object already answers under this base. */
      readonly baseUrl?: string | undefined
    }

export interface UpdateOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. */
  readonly images: readonly string[]
  /** Only images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
  readonly mirror: MirrorOptions
  /** Nothing is written anywhere; the report holds the diffs. Default: false. */
  readonly dryRun?: boolean | undefined
  /** Also images with `enable: false`. Default: false. */
  readonly includeDisabled?: boolean | undefined
  /** A newest build that is older than the catalogue's is an error unless this is set. Default: false. */
  readonly allowDowngrade?: boolean | undefined
  /** Ask the public URL, without credentials, before the file is rewritten. Default: true. */
  readonly checkPublic?: boolean | undefined
  /** `full` also downloads the mirrored object and hashes it. Default: `range`. */
  readonly verify?: 'range' | 'full' | undefined
  /** Checks at once. Default: 16. */
  readonly jobs?: number | undefined
  /** Mirrorings at once. Default: 2. */
  readonly transfers?: number | undefined
  /** Warnings about the content of an image (larger than `min_disk`) are errors. Default: false. */
  readonly strict?: boolean | undefined
  /** Bytes that an image may have once decompressed. Default: 64 GiB. */
  readonly maxImageSize?: number | undefined
  /** OpenPGP signatures of checksum files. Default: `prefer`. */
  readonly signatures?: 'require' | 'prefer' | 'off' | undefined
  /** Folder of OpenPGP public keys. Default: `/etc/image-updater/keys`. */
  readonly keyring?: string | undefined
}

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

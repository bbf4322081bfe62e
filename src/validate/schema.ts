import { calendarDay, type Value } from '../catalog/value.ts'
import { imageFormats } from '../image.ts'

/** A kind of scalars. */
export interface Scalar {
  /** For `… is not …`. */
  readonly expected: string
  accepts(value: Value): boolean
  /** A text that is not accepted has the right type, but a wrong value. */
  readonly isText?: true
}

/** A mapping with exactly these keys. */
export interface Mapping {
  readonly keys: Readonly<Record<string, Content>>
}

export interface List {
  /** `undefined`: they are not looked at. */
  readonly items: Content | undefined
}

/** What may stand in one place. A key that is optional may also be empty. */
export type Content = (Scalar | Mapping | List) & { readonly isOptional?: true }

const optional = (content: Content): Content => ({ ...content, isOptional: true })

const isText = ({ kind }: Value) => kind === 'text'
const isDate = ({ kind, text: date }: Value) => kind === 'a date' && calendarDay(date) !== undefined

const text: Scalar = { expected: 'text', accepts: isText }
const flag: Scalar = { expected: 'true or false', accepts: ({ kind }) => kind === 'yes or no' }
const date: Scalar = { expected: 'a date such as 2026-07-05', accepts: isDate }
const count: Scalar = {
  expected: 'a whole number from 0 up',
  accepts: ({ kind, text: digits }) => kind === 'a whole number' && !digits.startsWith('-'),
}

function oneOf(values: readonly string[]): Scalar {
  return {
    expected: `one of ${values.join(', ')}`,
    accepts: (value) => isText(value) && values.includes(value.text),
    isText: true,
  }
}

function orNothing({ expected, accepts }: Scalar): Scalar {
  return {
    expected: `${expected} or nothing`,
    accepts: (value) => value.kind === 'nothing' || accepts(value),
    isText: true,
  }
}

function matching(pattern: RegExp, expected: string): Scalar {
  return { expected, accepts: (value) => isText(value) && pattern.test(value.text), isText: true }
}

function dateOr(pattern: RegExp, words: string): Scalar {
  return {
    expected: `${words} or a date such as 2029-05-31`,
    accepts: (value) => isDate(value) || (isText(value) && pattern.test(value.text)),
  }
}

const webUrl = matching(/^https?:\/\/\w/, 'a URL that begins with https:// or http://')
const ftpUrl = matching(
  /^(?:http|ftp)s?:\/\/\w/,
  'a URL that begins with https://, http://, ftps:// or ftp://',
)
const fileUrl = matching(
  /^(?:(?:http|ftp)s?:\/\/\w|file:(?:\/\/\/)?\w)/,
  'a URL that begins with https://, http://, ftps://, ftp:// or file:///',
)
const visibility = oneOf(['public', 'private', 'community', 'shared'])

export const distributions =
  'arch centos cirros debian fedora freebsd gentoo mandrake mandriva mes msdos netbsd netware openbsd opensolaris opensuse rhel rocky sled talos ubuntu windows'.split(
    ' ',
  )

export const hypervisors = ['hyperv', 'ironic', 'lxc', 'qemu', 'uml', 'vmware', 'xen']

export const replaceFrequencies = [
  'yearly',
  'quarterly',
  'monthly',
  'weekly',
  'daily',
  'critical_bug',
  'never',
]

const meta: Mapping = {
  keys: {
    architecture: oneOf(['x86_64', 'aarch64', 'risc-v']),
    hotfix_hours: optional(count),
    hw_disk_bus: orNothing(oneOf(['virtio', 'scsi'])),
    hw_firmware_type: optional(orNothing(oneOf(['uefi']))),
    hw_machine_type: optional(orNothing(oneOf(['pc', 'q35', 'virt']))),
    hw_rng_model: optional(orNothing(oneOf(['virtio']))),
    hw_scsi_model: optional(oneOf(['virtio-scsi'])),
    hw_vif_multiqueue_enabled: optional(flag),
    hw_watchdog_action: optional(oneOf(['disabled', 'reset', 'poweroff', 'pause', 'none'])),
    hypervisor_type: oneOf(hypervisors),
    image_description: optional(text),
    os_distro: oneOf(distributions),
    os_version: optional(text),
    os_purpose: oneOf(['generic', 'minimal', 'k8snode', 'gpu', 'network', 'custom']),
    patchlevel: optional(text),
    provided_until: dateOr(/^none$/, 'none'),
    replace_frequency: oneOf(replaceFrequencies),
    uuid_validity: dateOr(/^(?:none|forever|notice|last-.*)$/s, 'none, forever, notice, last-N'),
  },
}

const version: Mapping = {
  keys: {
    build_date: date,
    checksum: optional(text),
    checksum_url: optional(webUrl),
    checksums_url: optional(webUrl),
    hidden: optional(flag),
    id: optional(
      matching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a UUID in lower case with hyphens'),
    ),
    image_description: optional(text),
    meta: optional(meta),
    mirror_url: optional(fileUrl),
    os_version: optional(text),
    source: optional(matching(/^(?:(?:http|ftp)s?:\/\/\w|private$)/, 'a URL or the word private')),
    url: fileUrl,
    version: text,
    visibility: optional(visibility),
  },
}

/**
 * An entry of `images` as OpenStack Image Manager accepts it, stated anew from its schema
 * (https://github.com/osism/openstack-image-manager).
 */
export const imageDefinition: Mapping = {
  keys: {
    enable: flag,
    format: oneOf(imageFormats),
    keep: optional(flag),
    latest_checksum_url: optional(webUrl),
    latest_url: optional(ftpUrl),
    login: text,
    meta: meta,
    min_disk: count,
    min_ram: count,
    multi: flag,
    name: text,
    password: optional(text),
    separator: optional(text),
    shortname: optional(text),
    status: oneOf(['active', 'deactivated']),
    tags: { items: text },
    versions: { items: version },
    visibility: visibility,
  },
}

/** A whole file, but for what is in its images. */
export const definitionFile: Mapping = { keys: { images: { items: undefined } } }

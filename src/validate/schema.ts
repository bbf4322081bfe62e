import { imageFormats } from '../image.ts'
import { dayOf, type Value } from './value.ts'

/**
 * What OpenStack Image Manager accepts in a definition file, stated anew from its schema
 * (https://github.com/osism/openstack-image-manager): keys that are not listed are refused, an
 * optional key may also be empty.
 */
export interface Check {
  /** For `… is not …`. */
  readonly expected: string
  accepts(value: Value): boolean
  /** Of the right type at least; else the sentence speaks of the type. */
  isOfType?(value: Value): boolean
}

export interface Key {
  readonly isRequired: boolean
  readonly content: Check | Shape | ListOf
}

/** A mapping with exactly these keys. */
export interface Shape {
  readonly keys: Readonly<Record<string, Key>>
}

export interface ListOf {
  readonly items: Check | Shape
  readonly least: number
}

const required = (content: Key['content']): Key => ({ isRequired: true, content })
const optional = (content: Key['content']): Key => ({ isRequired: false, content })

const isText = ({ kind }: Value) => kind === 'text'
const text: Check = { expected: 'text', accepts: isText }
const flag: Check = { expected: 'true or false', accepts: ({ kind }) => kind === 'yes or no' }
const count: Check = {
  expected: 'a whole number from 0 up',
  accepts: ({ kind, text: digits }) => kind === 'a whole number' && !digits.startsWith('-'),
}

const isDate = ({ kind, text: date }: Value) => kind === 'a date' && dayOf(date) !== undefined

const date: Check = { expected: 'a date such as 2026-07-05', accepts: isDate }

function oneOf(values: readonly string[], orNothing = false): Check {
  return {
    expected: `one of ${values.join(', ')}${orNothing ? ' or nothing' : ''}`,
    accepts: (value) =>
      (isText(value) && values.includes(value.text)) || (orNothing && value.kind === 'nothing'),
    isOfType: isText,
  }
}

function matching(pattern: RegExp, expected: string): Check {
  return { expected, accepts: (value) => isText(value) && pattern.test(value.text), isOfType: isText }
}

function anyOf(expected: string, ...accepts: readonly ((value: Value) => boolean)[]): Check {
  return { expected, accepts: (value) => accepts.some((one) => one(value)) }
}

const word =
  (...words: readonly string[]) =>
  (value: Value) =>
    isText(value) && words.includes(value.text)

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

const meta: Shape = {
  keys: {
    architecture: required(oneOf(['x86_64', 'aarch64', 'risc-v'])),
    hotfix_hours: optional(count),
    hw_disk_bus: required(oneOf(['virtio', 'scsi'], true)),
    hw_firmware_type: optional(oneOf(['uefi'], true)),
    hw_machine_type: optional(oneOf(['pc', 'q35', 'virt'], true)),
    hw_rng_model: optional(oneOf(['virtio'], true)),
    hw_scsi_model: optional(oneOf(['virtio-scsi'])),
    hw_vif_multiqueue_enabled: optional(flag),
    hw_watchdog_action: optional(oneOf(['disabled', 'reset', 'poweroff', 'pause', 'none'])),
    hypervisor_type: required(oneOf(['hyperv', 'ironic', 'lxc', 'qemu', 'uml', 'vmware', 'xen'])),
    image_description: optional(text),
    os_distro: required(
      oneOf(
        'arch centos cirros debian fedora freebsd gentoo mandrake mandriva mes msdos netbsd netware openbsd opensolaris opensuse rhel rocky sled talos ubuntu windows'.split(
          ' ',
        ),
      ),
    ),
    os_version: optional(text),
    os_purpose: required(oneOf(['generic', 'minimal', 'k8snode', 'gpu', 'network', 'custom'])),
    patchlevel: optional(text),
    provided_until: required(anyOf('none or a date such as 2029-05-31', word('none'), isDate)),
    replace_frequency: required(
      oneOf(['yearly', 'quarterly', 'monthly', 'weekly', 'daily', 'critical_bug', 'never']),
    ),
    uuid_validity: required(
      anyOf(
        'none, forever, notice, last-N or a date such as 2029-05-31',
        word('none', 'forever', 'notice'),
        (value) => isText(value) && value.text.startsWith('last-'),
        isDate,
      ),
    ),
  },
}

const version: Shape = {
  keys: {
    build_date: required(date),
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
    url: required(fileUrl),
    version: required(text),
    visibility: optional(visibility),
  },
}

/** An entry of `images`. */
export const imageDefinition: Shape = {
  keys: {
    enable: required(flag),
    format: required(oneOf(imageFormats)),
    keep: optional(flag),
    latest_checksum_url: optional(webUrl),
    latest_url: optional(ftpUrl),
    login: required(text),
    meta: required(meta),
    min_disk: required(count),
    min_ram: required(count),
    multi: required(flag),
    name: required(text),
    password: optional(text),
    separator: optional(text),
    shortname: optional(text),
    status: required(oneOf(['active', 'deactivated'])),
    tags: required({ items: text, least: 0 }),
    versions: required({ items: version, least: 0 }),
    visibility: required(visibility),
  },
}

const anything: Check = { expected: 'anything', accepts: () => true }

/** A whole file, but for what is in its images. */
export const definitionFile: Shape = { keys: { images: required({ items: anything, least: 1 }) } }

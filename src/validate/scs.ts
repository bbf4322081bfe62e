import { calendarDay } from '../catalog/value.ts'
import { isOverdue } from '../lifecycle/recency.ts'
import type { Profile } from '../rules.ts'
import { type CheckedImage, type Entry, isEnabled, type Located, type Texts } from './image.ts'
import type { ReportFinding } from './rules.ts'
import { distributions, hypervisors, replaceFrequencies } from './schema.ts'

/** A property of an image in Glance, as SCS-0102 wants it. */
interface Property {
  readonly expected: string
  accepts(text: string): boolean
  readonly isOptional?: true
}

const among = (values: readonly string[]): Property => ({
  expected: `one of ${values.join(', ')}`,
  accepts: (text) => values.includes(text),
})
const optional = (property: Property): Property => ({ ...property, isOptional: true })
const dateOr = (pattern: RegExp, words: string): Property => ({
  expected: `${words} or a date`,
  accepts: (text) => pattern.test(text) || /^\d{4}-\d\d-\d\d$/.test(text),
})

/**
 * The properties that a definition gives to its images, and their values
 * (https://docs.scs.community/standards/scs-0102-v1-image-metadata, and its test
 * `Tests/iaas/scs_0102_image_metadata/image_metadata.py`). Image Manager's schema does not know `almalinux`,
 * which SCS holds right for AlmaLinux.
 */
const properties = {
  architecture: among(['x86_64', 'aarch64', 'risc-v']),
  os_distro: among([...distributions, 'almalinux']),
  os_version: { expected: 'the number or the name of a release', accepts: () => true },
  os_purpose: among(['generic', 'oldgeneric', 'minimal', 'k8snode', 'gpu', 'network', 'custom']),
  hw_disk_bus: optional(among(['virtio', 'scsi'])),
  hypervisor_type: optional(among(['qemu', 'kvm', 'xen', 'hyper-v', 'esxi'])),
  hw_rng_model: optional(among(['virtio'])),
  replace_frequency: among(replaceFrequencies),
  provided_until: dateOr(/^(?:none|notice)$/, 'none, notice'),
  uuid_validity: dateOr(/^(?:none|notice|forever|last-\d+)$/, 'none, notice, forever, last- and a number'),
  hotfix_hours: optional({ expected: 'a number of hours', accepts: (text) => /^\d+$/.test(text) }),
} satisfies Record<string, Property>

type PropertyName = keyof typeof properties

/** Does SCS-0102 take this value of this property? */
export function isTakenByScs(key: string, text: string): boolean {
  return Object.hasOwn(properties, key) && properties[key as PropertyName].accepts(text)
}

/** Does OpenStack Image Manager bring the image into Glance where others than its owner see it? SCS looks at those. */
function isSeen(image: CheckedImage): boolean {
  return isEnabled(image) && ['public', 'community'].includes(image.texts.visibility?.text ?? '')
}

/** Reports what in one image breaks SCS-0102 or SCS-0104. @param today `YYYY-MM-DD` */
export function judgeScs(image: CheckedImage, today: string, profile: Profile, report: ReportFinding): void {
  if (!isSeen(image)) return
  if (profile === 'scs') judgeSizes(image, report)
  const { min_ram: memory } = image.texts
  if (memory !== undefined && Number(memory.text) > 0 && Number(memory.text) < 64) {
    report('scs-0102-low-min_ram', memory.place, `"min_ram" is ${memory.text} MiB`)
  }
  for (const values of propertiesOf(image)) judgeProperties(image, values, profile, report)
  for (const version of image.versions) judgeVersion(version, today, report)
  // A definition without a fault gets one as time goes by: only who asks for SCS alone is told.
  if (profile === 'scs') judgeRecency(image, today, report)
  judgeSource(image, report)
}

/** Reports what Image Manager's schema asks as well. */
function judgeSizes({ texts, place }: CheckedImage, report: ReportFinding): void {
  const { min_disk: disk, min_ram: memory, login } = texts
  if (!(Number(disk?.text) > 0))
    report('scs-0102-prop-min_disk', disk?.place ?? place, '"min_disk" is not set')
  if (!(Number(memory?.text) > 0))
    report('scs-0102-prop-min_ram', memory?.place ?? place, '"min_ram" is not set')
  if (login === undefined) report('scs-0102-prop-image_original_user', place, 'There is no "login"')
}

/** The properties of each image that the definition makes. */
function propertiesOf({ meta, texts, versions }: CheckedImage): Texts[] {
  if (versions.length === 0) return [meta]
  const isMulti = /^(?:yes|true|on)$/i.test(texts.multi?.text ?? '')
  return versions.map((version) => {
    const released = version.texts.os_version ?? (isMulti ? undefined : version.texts.version)
    return { ...meta, ...(released && { os_version: released }), ...version.meta }
  })
}

function judgeProperties(
  { place }: CheckedImage,
  values: Texts,
  profile: Profile,
  report: ReportFinding,
): void {
  for (const [name, property] of Object.entries(properties) as [PropertyName, Property][]) {
    const value = values[name]
    const rule = `scs-0102-prop-${name}` as const
    if (value === undefined) {
      // The others are wanted by Image Manager's schema as well, which has told that they are missing.
      const isTold = profile === 'upstream+scs' && (name !== 'os_version' || values.os_purpose === undefined)
      if (!property.isOptional && !isTold) report(rule, place, `"${name}" is not set`)
    } else if (!property.accepts(value.text)) {
      if (profile === 'upstream+scs' && hypervisors.includes(value.text)) {
        const message = `"${name}" ${value.text}: OpenStack Image Manager's schema takes it, SCS-0102 (${rule}) refuses it`
        report('scs-contradiction', value.place, message)
      } else report(rule, value.place, `"${name}" is not ${property.expected}`)
    }
  }
}

function judgeVersion({ texts, place }: Entry, today: string, report: ReportFinding): void {
  const built = texts.build_date && calendarDay(texts.build_date.text)
  if (texts.build_date === undefined || built === undefined || built > today) {
    const message =
      built === undefined ? '"build_date" is not a date' : `"build_date" ${built} is yet to come`
    report('scs-0102-prop-image_build_date', texts.build_date?.place ?? place, message)
  }
  const source = sourceOf(texts)
  if (source !== undefined && !/^(?:(?:https?|ftps?):\/\/|private$)/.test(source.text)) {
    report(
      'scs-0102-prop-image_source',
      source.place,
      `"${source.key}" is neither a URL of a server nor private`,
    )
  }
}

const sourceOf = (texts: Texts): Located | undefined => texts.source ?? texts.url

/** Reports an image whose newest build is older than its `replace_frequency` allows. */
function judgeRecency(image: CheckedImage, today: string, report: ReportFinding): void {
  const { provided_until: until, replace_frequency: frequency } = image.meta
  const isProvided = until !== undefined && /^\d/.test(until.text) && until.text >= today
  const built = image.versions.flatMap(({ texts }) => calendarDay(texts.build_date?.text ?? '') ?? []).sort()
  const newest = built.at(-1)
  if (frequency === undefined || !isProvided || newest === undefined) return
  if (!isOverdue(newest, frequency.text, today)) return
  const message = `The newest build is of ${newest}, "replace_frequency" is ${frequency.text}`
  report('scs-0102-image-recency', frequency.place, message)
}

const capi = [
  'https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/',
  'https://swift.services.a.regiocloud.tech/swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/openstack-k8s-capi-images/ubuntu-2404-kube',
  'https://swift.services.a.regiocloud.tech/swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/openstack-k8s-capi-images/ubuntu-2204-kube',
]
const ubuntu = (codename: string) =>
  ['releases/', ''].map((folder) => `https://cloud-images.ubuntu.com/${folder}${codename}/`)
const debian = (codename: string) => [
  `https://cloud.debian.org/images/cloud/${codename}/`,
  `https://cdimage.debian.org/cdimage/cloud/${codename}/`,
]

/**
 * The images that SCS-0104 names and how their `image_source` begins
 * (https://docs.scs.community/standards/scs-0104-v1-standard-images, `Tests/iaas/scs-0104-v1-images-v5.yaml`).
 */
const standardImages: readonly { name: RegExp; sources: readonly string[]; wanted?: string }[] = [
  { name: /^Ubuntu 24\.04$/, sources: ubuntu('noble'), wanted: 'Ubuntu 24.04' },
  { name: /^Ubuntu 22\.04$/, sources: ubuntu('jammy') },
  { name: /^Ubuntu 20\.04$/, sources: ubuntu('focal') },
  { name: /^Debian 13$/, sources: debian('trixie') },
  { name: /^Debian 12$/, sources: debian('bookworm'), wanted: 'Debian 12' },
  { name: /^Debian 11$/, sources: debian('bullseye') },
  { name: /^Debian 10$/, sources: debian('buster') },
  { name: /^ubuntu-capi-image[ -]v\d\.\d+(?:\.\d+)?/, sources: capi, wanted: 'ubuntu-capi-image' },
]

function judgeSource(image: CheckedImage, report: ReportFinding): void {
  const standard = standardImages.find(({ name }) => name.test(image.name))
  if (standard === undefined) return
  const { latest_url: latest } = image.texts
  const sources = image.versions.length === 0 ? [latest] : image.versions.map(({ texts }) => sourceOf(texts))
  for (const source of sources) {
    if (source === undefined || standard.sources.some((prefix) => source.text.startsWith(prefix))) continue
    const message = `"${source.key}" begins with none of ${standard.sources.join(', ')}`
    report('scs-0104-source', source.place, message)
  }
}

/** Reports public images of one distribution and release of which users can't tell which one is meant. */
export function judgeUniqueness(
  images: readonly CheckedImage[],
  reportFor: (image: CheckedImage) => ReportFinding,
): void {
  const owners = new Map<string, CheckedImage>()
  for (const image of images) {
    if (!isEnabled(image) || image.texts.visibility?.text !== 'public') continue
    const keys = propertiesOf(image).map(({ architecture, os_distro, os_version, os_purpose }) => ({
      isGeneric: os_purpose?.text === 'generic' && os_distro !== undefined && os_version !== undefined,
      key: [architecture, os_distro, os_version].map((value) => value?.text ?? '').join(' '),
    }))
    for (const key of new Set(keys.filter(({ isGeneric }) => isGeneric).map((one) => one.key))) {
      const owner = owners.get(key) ?? image
      owners.set(key, owner)
      if (owner === image) continue
      const message = `It is as public and generic as ${owner.name}: ${key}`
      reportFor(image)('scs-0102-os_purpose-uniqueness', image.meta.os_purpose?.place ?? image.place, message)
    }
  }
}

/** The standard images of SCS-0104 that a catalogue lacks: its mandatory one and its recommended ones. */
export function missingStandardImages(images: readonly CheckedImage[]): string[] {
  return standardImages.flatMap(({ name, wanted }) =>
    wanted === undefined || images.some((image) => isSeen(image) && name.test(image.name)) ? [] : [wanted],
  )
}

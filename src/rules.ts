/**
 * The closed set of rules, by severity, each with its usual remedy. A name is stable: annotations and ignore lists are
 * built on it.
 */
export const rules = {
  error: {
    'unreadable-file': 'Give the user of this program read access to a file in UTF-8',
    syntax: 'Correct the file, e.g. with the help of yamllint',
    'too-many': 'Correct the first ones, then look again',
    'missing-key': 'Add it: OpenStack Image Manager refuses the file without it',
    'unknown-key': 'Remove it or correct its name: OpenStack Image Manager refuses the file with it',
    'wrong-type': 'Correct the value: OpenStack Image Manager refuses it',
    'wrong-value': 'Correct the value: OpenStack Image Manager refuses it',
    'unusable-shortname': 'Use letters, digits, ".", "_", "+" and "-" only, with a letter or a digit first',
    'unusable-url': 'Give a URL that begins with https:// and names a host and a file',
    'lone-latest-url': 'Give both latest_url and latest_checksum_url, or neither of them',
    'broken-placeholder': 'Write it as HEREBE<pattern>DRAGONS',
    'placeholder-url': "Write the URL of the build's own file, as `update` does",
    'credentials-url': 'Take user name and password out: whoever reads the catalogue has them',
    'malformed-checksum':
      'Write it as algorithm:digest in lower case, e.g. sha256: and 64 hexadecimal digits',
    'repeated-version': 'Give each entry of versions a version of its own',
    'repeated-url': 'Give each version the URL of its own build',
    'repeated-checksum':
      'Compare both with what the distribution publishes: one was not changed with its URL',
    'repeated-name': 'Give each image a name of its own: Glance would show two of the same name',
    'repeated-shortname': 'Give each image a shortname of its own: it names the object on the mirror',
    'packed-checksum':
      'Run update or mirror, which write that of the object: OpenStack Image Manager refuses the image',
    'shared-object': 'Give each version an object of its own: one would replace the other',
  },
  warning: {
    'shared-checksum': 'Compare both with what the distributions publish',
    'missing-checksum': 'Add what the distribution publishes: without it nothing can be verified',
    'weak-checksum': 'Use SHA-256 or SHA-512 where the distribution publishes one',
    'moving-url':
      'Name the dated file: the checksum fits no longer when the distribution publishes the next build',
    'insecure-url': 'Use https:// where the server has it',
    'packed-url': 'Mirror it unpacked and name that as mirror_url: Glance takes the file as it is',
    'packed-object': 'Mirror it unpacked: Glance takes the file as it is',
    'mirror-name': 'See whether it is the object of another image or version',
    'format-mismatch': 'Correct format, or name the file of that format',
    'architecture-mismatch': 'Correct architecture, or name the file for that architecture',
    'date-mismatch': 'Correct one of the two',
    'future-date': 'Correct the date',
    'unclear-validity': 'Write last- and the number of versions to keep, e.g. last-3',
    'idle-image': 'Give it latest_url and latest_checksum_url or a version, or disable it',
  },
} as const

/**
 * The rules of SCS-0102 (image metadata) and SCS-0104 (standard images) that can be judged without a cloud, as the tests
 * of the standards name them, but for the two that begin with "scs-0102-low" and "scs-contradiction".
 */
export const scsRules = {
  mandatory: {
    'scs-0102-prop-architecture': 'Give it: users choose images by it',
    'scs-0102-prop-min_disk': 'Give the smallest disk in GiB that the unpacked image fits on',
    'scs-0102-prop-min_ram': 'Give the memory in MiB that the image needs to boot',
    'scs-0102-prop-os_distro': 'Give the value that the OpenStack documentation has for the distribution',
    'scs-0102-prop-os_version':
      'Give the release: its number if the distribution has one, else a word such as rolling',
    'scs-0102-prop-os_purpose': 'Give what the image is for; custom in doubt',
    'scs-0102-prop-hw_disk_bus': 'Write virtio or scsi, or leave it out',
    'scs-0102-prop-hypervisor_type': 'Write qemu, or leave it out',
    'scs-0102-prop-hw_rng_model': 'Write virtio, or leave it out',
    'scs-0102-prop-image_build_date': 'Give the day on which the distribution built the image',
    'scs-0102-prop-image_original_user': 'Give the login of the image, e.g. ubuntu; none where it has none',
    'scs-0102-prop-image_source': 'Give as "source" the URL that the image comes from, or private',
    'scs-0102-prop-replace_frequency': 'Say how often the image is replaced at least',
    'scs-0102-prop-provided_until': 'Say until when the image is provided: a date, none or notice',
    'scs-0102-prop-uuid_validity': 'Say how long an old image can be used by its id',
    'scs-0102-prop-hotfix_hours': 'Give the number of hours, or leave it out',
    'scs-0102-image-recency': 'Update the image, or promise a longer replace_frequency',
    'scs-0104-source': 'Take the image from where SCS-0104 says, or give it another name',
  },
  recommended: {
    'scs-0102-low-min_ram': 'Give at least 64, where the image needs that to boot',
    'scs-0102-os_purpose-uniqueness':
      'Give one of them another os_purpose, or disable it: users look for the one generic image of a release',
    'scs-0104-image': 'Add it, e.g. with `init ubuntu debian k8s-capi`',
    'scs-contradiction':
      'Keep what your importer takes: Image Manager refuses a file that its schema does not take; --profile upstream or scs judges by one of the two',
  },
} as const

/** What a catalogue is judged by besides common sense: Image Manager's schema, the rules of SCS, or both. */
export const profiles = ['upstream+scs', 'upstream', 'scs'] as const
export type Profile = (typeof profiles)[number]

type Rules = typeof rules & typeof scsRules
export type RuleName = { [Kind in keyof Rules]: keyof Rules[Kind] }[keyof Rules]

/** What these find leaves something that is not looked at, or not told. */
const indispensable: readonly RuleName[] = ['unreadable-file', 'syntax', 'too-many']

/** The rules that can be switched off. */
export const optionalRules: readonly string[] = [rules, scsRules]
  .flatMap((all) => Object.values(all).flatMap((group) => Object.keys(group)))
  .filter((name) => !indispensable.some((one) => one === name))

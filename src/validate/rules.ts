import type { Place } from '../errors.ts'
import type { Finding } from '../report/schemas.ts'

/**
 * The closed set of rules, by severity, each with its usual remedy. A name is stable: annotations and ignore lists are
 * built on it.
 */
export const rules = {
  error: {
    'unreadable-file': 'Give the user of this program read access to a file in UTF-8',
    syntax: 'Correct the file, e.g. with the help of yamllint',
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

export type RuleName = keyof typeof rules.error | keyof typeof rules.warning

const remedies = { ...rules.error, ...rules.warning }

/** Takes what is wrong: the rule, the place, a sentence, and a remedy if the rule's own is too general. */
export type ReportFinding = (rule: RuleName, place: Place, message: string, remedy?: string) => void

/** Collects what is found in an image of this name, or outside of all images. */
export function reportInto(findings: Finding[], name?: string): ReportFinding {
  return (rule, place, message, remedy) => findings.push(findingOf(rule, place, message, remedy, name))
}

export function findingOf(
  rule: RuleName,
  { file, line, column }: Place,
  message: string,
  remedy: string = remedies[rule],
  name = '',
): Finding {
  const severity = rule in rules.error ? 'error' : 'warning'
  const image = name === '' ? undefined : name
  return { severity, rule, file, line, column, image, message, remedy }
}

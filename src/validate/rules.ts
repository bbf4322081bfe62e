import type { Place } from '../errors.ts'
import type { Finding, Severity } from '../report/schemas.ts'

interface Rule {
  readonly severity: Severity
  readonly remedy: string
}

/** The closed set of rules. A name is stable: annotations and ignore lists are built on it. */
export const rules = {
  'unreadable-file': error('Give the user of this program read access to a file in UTF-8'),
  syntax: error('Correct the file, e.g. with the help of yamllint'),
  'missing-key': error('Add it: OpenStack Image Manager refuses the file without it'),
  'unknown-key': error('Remove it or correct its name: OpenStack Image Manager refuses the file with it'),
  'wrong-type': error('Correct the value: OpenStack Image Manager refuses it'),
  'wrong-value': error('Correct the value: OpenStack Image Manager refuses it'),
  'unusable-shortname': error(
    'Use letters, digits, ".", "_", "+" and "-" only, with a letter or a digit first',
  ),
  'unusable-url': error('Give a URL that begins with https:// and names a host and a file'),
  'lone-latest-url': error('Give both latest_url and latest_checksum_url, or neither of them'),
  'broken-placeholder': error('Write it as HEREBE<pattern>DRAGONS'),
  'placeholder-url': error("Write the URL of the build's own file, as `update` does"),
  'credentials-url': error('Take user name and password out: whoever reads the catalogue has them'),
  'malformed-checksum': error(
    'Write it as algorithm:digest in lower case, e.g. sha256: and 64 hexadecimal digits',
  ),
  'repeated-version': error('Give each entry of versions a version of its own'),
  'repeated-url': error('Give each version the URL of its own build'),
  'repeated-checksum': error(
    'Compare both with what the distribution publishes: one was not changed with its URL',
  ),
  'repeated-name': error('Give each image a name of its own: Glance would show two of the same name'),
  'repeated-shortname': error('Give each image a shortname of its own: it names the object on the mirror'),
  'shared-object': error('Give each version an object of its own: one would replace the other'),
  'shared-checksum': warning('Compare both with what the distributions publish'),
  'missing-checksum': warning('Add what the distribution publishes: without it nothing can be verified'),
  'weak-checksum': warning('Use SHA-256 or SHA-512 where the distribution publishes one'),
  'moving-url': warning(
    'Name the dated file: the checksum fits no longer when the distribution publishes the next build',
  ),
  'insecure-url': warning('Use https:// where the server has it'),
  'packed-url': warning('Mirror it unpacked and name that as mirror_url: Glance takes the file as it is'),
  'packed-object': warning('Mirror it unpacked: Glance takes the file as it is'),
  'mirror-name': warning('See whether it is the object of another image or version'),
  'format-mismatch': warning('Correct format, or name the file of that format'),
  'architecture-mismatch': warning('Correct architecture, or name the file for that architecture'),
  'date-mismatch': warning('Correct one of the two'),
  'future-date': warning('Correct the date'),
  'unclear-validity': warning('Write last- and the number of versions to keep, e.g. last-3'),
  'idle-image': warning('Give it latest_url and latest_checksum_url or a version, or disable it'),
} as const satisfies Readonly<Record<string, Rule>>

export type RuleName = keyof typeof rules

function error(remedy: string): Rule {
  return { severity: 'error', remedy }
}

function warning(remedy: string): Rule {
  return { severity: 'warning', remedy }
}

/** Takes a finding: its rule, its place, a sentence, and a remedy if the rule's own is too general. */
export type ReportFinding = (rule: RuleName, place: Place, message: string, remedy?: string) => void

export function findingOf(
  rule: RuleName,
  place: Place,
  message: string,
  { image, remedy }: { readonly image?: string | undefined; readonly remedy?: string | undefined },
): Finding {
  const { severity, remedy: usual } = rules[rule]
  return {
    severity,
    rule,
    file: place.file,
    line: place.line,
    column: place.column,
    image,
    message,
    remedy: remedy ?? usual,
  }
}

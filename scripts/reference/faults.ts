import type { CloudGroup, CloudRow } from '../../test/faults/cloud-row.ts'
import type { Group, Row } from '../../test/faults/row.ts'

const introduction = `# Faults

What \`npm run test:faults\` injects into the whole program, and what must hold afterwards. Each row is one run of
the built command, in a process of its own, on two images; a web server, an S3 server, a proxy, a signal or a file
system of the test's own does the harm to one of them. A small module that is loaded into the command shortens
timeouts where a fault would last for minutes, and pins a key of the test's own where signatures are the matter.

After every row, beside what the table says:

- the image's entry in the catalogue is the old one or the new one, and a new one names an object that is there with
  the right bytes; all other files are byte for byte what they were;
- the other image is updated, wherever the fault is not the whole run's;
- nothing is visible on the mirror but whole images, no upload and no temporary file is left behind (or exactly those
  that the table counts), and no lock;
- no output holds a secret, a stack, a control character or a warning of Node's.

Rows that name another command than \`update\` run that as well.

Besides, 200 runs are killed by SIGKILL at seeded random moments; each leaves every file and every object whole, and
the next run finishes the work. After each of 48 more, of a second build of one day, what the catalogue names has the
bytes that its checksum says.
`

const cloudIntroduction = `# Faults of a publish

Rows of \`image-updater publish\`: one image whose old version is in the cloud, and another one that is not there yet. The
cloud is Keystone and Glance in memory, held to real ones by the tests of the client. After each row, beside what the
table says:

- the name is that of the old image or of the new one, whole, or of none; between any two requests there were never two
  public images of one name;
- the other image is published, wherever the fault is not the whole cloud's;
- no record is left that is not finished, or as many as the table counts;
- no output holds a password, a token, a stack, a control character or a warning of Node's, though it is that of
  \`--debug\`.

Then comes another run without the fault: it ends with 0, both images are new, and no record is left. Where the fault
lasts, it is said to be the same.

Besides, 100 publishes are killed by SIGKILL at seeded random moments, by two methods of import. After each there are
never two public images of one name, each public image is whole, and nobody has the name only while it is given away.
The next run, of the same machine at once or of another one two hours later, ends with exactly one image of each name, of
the right bytes, and with no record that is not finished.
`

/** docs/faults.md. */
export function faultsMarkdown(groups: readonly Group[], cloudGroups: readonly CloudGroup[]): string {
  const count = groups.flatMap(({ rows }) => rows).length
  const parts = groups.map(
    ({ name, rows }) =>
      `## ${name}\n\n| fault | exit status | error | catalogue | object | left behind |\n|---|---|---|---|---|---|\n${rows.map(line).join('\n')}\n`,
  )
  const ofClouds = cloudGroups.map(
    ({ name, rows }) =>
      `## ${name}\n\n| fault | exit status | error | image | left behind | next run |\n|---|---|---|---|---|---|\n${rows.map(cloudLine).join('\n')}\n`,
  )
  const cloudCount = cloudGroups.flatMap(({ rows }) => rows).length
  const clouds = `${cloudIntroduction}\n${cloudCount} faults:\n\n${ofClouds.join('\n')}`
  return `${introduction}\n${count} faults:\n\n${parts.join('\n')}\n${clouds}`
}

function cloudLine({ fault, holds }: CloudRow): string {
  const { status, error = [], image, left = 0, next = 'new' } = holds
  const codes = [error].flat().map((code) => `\`${code}\``)
  const records = left === 0 ? '' : `${left} ${left === 1 ? 'record' : 'records'}`
  return `| ${[escaped(fault), String(status), codes.join(', '), image, records, next].join(' | ')} |`
}

function line({ fault, holds }: Row): string {
  const { status, error, entry, object = entry === 'new', uploads, staging, beside = [] } = holds
  const left = [
    uploads === undefined ? '' : `${uploads} ${uploads === 1 ? 'upload' : 'uploads'}`,
    staging === undefined ? '' : `${staging} temporary object`,
    ...beside.map((name) => `\`${name}\``),
  ].filter((part) => part !== '')
  const cells = [
    escaped(fault),
    String(status),
    error === undefined ? '' : `\`${error}\``,
    entry,
    object ? 'there' : '',
    left.join(', '),
  ]
  return `| ${cells.join(' | ')} |`
}

function escaped(text: string): string {
  return text.replace(/[|\\`*_<>]/g, '\\$&')
}

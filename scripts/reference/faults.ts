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

/** docs/faults.md. */
export function faultsMarkdown(groups: readonly Group[]): string {
  const count = groups.flatMap(({ rows }) => rows).length
  const parts = groups.map(
    ({ name, rows }) =>
      `## ${name}\n\n| fault | exit status | error | catalogue | object | left behind |\n|---|---|---|---|---|---|\n${rows.map(line).join('\n')}\n`,
  )
  return `${introduction}\n${count} faults:\n\n${parts.join('\n')}`
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

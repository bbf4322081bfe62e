import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addImagesOption, addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
OLD and NEW are folders or files, or branches, tags and commits of the git
repository that --images is in; NEW is --images as it is, if it is left out.
What exists in the file system is no revision: refs/heads/main always is one.

Examples:
  What has changed since the last commit:
    image-updater diff HEAD --images etc/images
  The text of a pull request:
    image-updater diff origin/main HEAD --images etc/images --output markdown

Exit status:
  0    the two were compared, whatever is different
  2    wrong usage, configuration or catalogue, or no such revision
`

/** `diff`: what has changed between two states of a catalogue. */
export function registerDiff(program: Command, session: Session): void {
  const command = program
    .command('diff')
    .description('show what has changed between two states of the catalogue, image by image')
    .argument('<OLD>', 'folder, file or git revision')
    .argument('[NEW]', 'folder, file or git revision (default: --images as it is)')
    .addHelpText('after', about)
  addImagesOption(command)
  addOutputOption(command, ['text', 'markdown', 'json'])
  command.action(async (before: string, after: string | undefined) => {
    const { diff } = await import('./diff-action.ts')
    await diff(readFlags(command), before, after, session)
  })
}

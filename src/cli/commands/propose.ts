import { type Command, Option } from 'commander'
import { readFlags } from '../flags.ts'
import { addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
REPORT is the JSON report of an update in this checkout. The working tree, the
index and the branches here stay as they are; each branch there is written anew.

In a job of GitHub Actions or GitLab CI the forge, the repository, the base
branch and the address of the API come from the job's own variables. The token
is in GITHUB_TOKEN or GITLAB_TOKEN. In GitHub Actions failed images become
annotations, and the step gets a summary.

Examples:
  In a job:
    image-updater update --images etc/images --report report.json
    image-updater propose report.json
  Against another branch than the job's:
    image-updater propose report.json --base release

Exit status:
  0    every changed file has its request (or nothing changed)
  1    a branch or a request failed, the others are done
  2    wrong usage or configuration, nothing was done
`

/** `propose`: one pull or merge request for each changed file. */
export function registerPropose(program: Command, session: Session): void {
  const command = program
    .command('propose')
    .description('open or update one pull or merge request for each file that a run has changed')
    .argument('<REPORT>', 'what update --report has written')
    .addHelpText('after', about)
  command
    .optionsGroup('Forge:')
    .addOption(
      new Option('--forge <name>', 'where the repository lives (default: where the job runs)').choices([
        'github',
        'gitlab',
      ]),
    )
    .addOption(new Option('--base <branch>', "the branch that shall take the changes (default: the job's)"))
    .addOption(
      new Option('--branch-prefix <prefix>', 'before the name of every branch').default('image-updater/'),
    )
  addOutputOption(command)
  command.action(async (report: string) => {
    const { propose } = await import('./propose-action.ts')
    await propose(report, readFlags(command), session)
  })
}

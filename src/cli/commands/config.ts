import type { Command } from 'commander'
import { addOutputOption } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Takes the options of all other commands, too, to see what becomes of them.
What is different for one command stands below what is for all, as prune.grace.
Secrets are shown as ***.

Examples:
  What is in force here, and where it comes from:
    image-updater config
  The bucket that a job would use, with its own flags:
    image-updater config --minio-bucket test --output json | jq .options

Exit status:
  0    all well
  2    wrong usage or configuration; what can be shown is
`

/** `config`: the options in force. Registered last, since it has the options of all others. */
export function registerConfig(program: Command, session: Session): void {
  const command = program
    .command('config')
    .description('print the options in force, and where each value comes from')
    .addHelpText('after', about)
  addOutputOption(command)
  const isPrune = (one: Command) => one.name() === 'prune' // its grace period is not that of all
  const others = [...program.commands].sort((a, b) => Number(isPrune(a)) - Number(isPrune(b)))
  for (const option of others.flatMap((one) => one.options)) {
    if (command.options.some(({ long }) => long === option.long)) continue
    const hidden = Object.assign(Object.create(Object.getPrototypeOf(option)), option) as typeof option
    command.addOption(hidden.hideHelp())
  }
  command.action(async () => {
    const { config } = await import('./config-action.ts')
    await config(command, session)
  })
}

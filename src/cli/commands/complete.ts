import type { Command } from 'commander'
import { printable } from '../../errors.ts'
import type { Session } from '../session.ts'

/** `__complete SHELL -- WORD…`: what the shells' completion asks; not for people. */
export function registerComplete(program: Command, { context }: Session): void {
  program
    .command('__complete', { hidden: true })
    .argument('<shell>')
    .argument('[words...]')
    .action(async (shell: string, words: readonly string[]) => {
      const { complete } = await import('../completion/candidates.ts')
      const { kind, candidates } = await complete(program, shell, words)
      const lines = candidates.map(({ value, description }) =>
        [value, ...(description === undefined ? [] : [description])].map(printable).join('\t'),
      )
      context.stdout.write(`${[kind, ...lines].join('\n')}\n`)
    })
}

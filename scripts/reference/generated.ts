import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { cloudGroups } from '../../test/faults/cloud-table.ts'
import { groups } from '../../test/faults/table.ts'
import { describeCommands } from './commands.ts'
import { renderDistributions } from './distributions.ts'
import { faultsMarkdown } from './faults.ts'
import { renderLibrary } from './library.ts'
import { manPage } from './man.ts'
import { commandsMarkdown } from './markdown.ts'

/** The text of every generated file, by its path in the project. */
export function generatedDocs(): Record<string, string> {
  const { commands, shared } = describeCommands()
  return {
    'docs/distributions.md': renderDistributions(resolvers),
    'docs/faults.md': faultsMarkdown(groups, cloudGroups),
    'docs/library.md': renderLibrary(),
    'docs/commands.md': commandsMarkdown(commands, shared),
    'man/image-updater.1': manPage(commands, shared),
  }
}

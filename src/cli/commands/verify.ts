import type { Command } from 'commander'
import { readFlags } from '../flags.ts'
import { addCatalogueOptions, addOutputOption, addReportOption, addVerifyOptions } from '../options.ts'
import type { Session } from '../session.ts'

const about = `
Every url and mirror_url is asked as OpenStack will ask it, without credentials.
Nothing is written.

Examples:
  Is everything there?
    image-updater verify --images etc/images
  Is it all as the checksums say? For a nightly job, with a report:
    image-updater verify --full --report verify.json
  As a comment on a pull request:
    image-updater verify --images etc/images --output markdown 'ubuntu*'

Exit status, of the most severe verdict in this order:
  5    mismatch: bytes that are not those of the checksum
  7    unmirrorable: not on the mirror, and the source is gone as well
  3    missing: a url or mirror_url that leads nowhere
  4    private: a url or mirror_url that not everybody can read
  1    error: something could not be found out
  6    pending: the newest version of an image is not on the mirror yet
  0    ok: all well
  2    wrong usage, configuration or catalogue
  130  interrupted by SIGINT, 143 by SIGTERM
`

/** `verify`: is everything there that the catalogue names, and is it right? */
export function registerVerify(program: Command, session: Session): void {
  const command = program
    .command('verify')
    .description('ask every url and mirror_url of the catalogue, without credentials')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', about)
  addCatalogueOptions(command)
  addVerifyOptions(command)
  addOutputOption(command, ['text', 'json', 'markdown'])
  addReportOption(command)
  command.action(async (names: readonly string[]) => {
    const { verify } = await import('./verify-action.ts')
    await verify(readFlags(command), names, session)
  })
}

import type { Command } from 'commander'
import { configure } from '../configuration.ts'
import { readFlags } from '../flags.ts'
import { addServiceOptions } from '../options.ts'
import type { Session } from '../session.ts'
import type { AllFlags } from './serve-action.ts'
import { addUpdateOptions } from './update.ts'

const examples = `
Everybody who can reach the address can read; to begin a run takes the token.

  GET  /               the catalogue as a page that follows the run
  GET  /metrics        for Prometheus
  GET  /healthz        the process lives
  GET  /readyz         the catalogue can be read, and the service is not ending
  GET  /api/v1/images  what the catalogue holds, what the last run made of it
  GET  /api/v1/runs    the runs; one with its report: /api/v1/runs/ID
  POST /api/v1/runs    begin a run now (Authorization: Bearer TOKEN)
  GET  /api/v1/events  how the run goes, as server-sent events

SIGTERM ends it in order, SIGHUP loads the configuration and the token again.

Examples:
  Every night at three, the page on this machine only:
    image-updater serve --images etc/images --schedule '0 3 * * *'
  Behind a reverse proxy that everybody knows as images.example.com:
    image-updater serve --listen 127.0.0.1:9464 --allow-host images.example.com
  Begin a run:
    curl -X POST -H "Authorization: Bearer $TOKEN" \\
      http://127.0.0.1:9464/api/v1/runs

Exit status:
  0    it was told to end, and has, whatever became of its runs
  2    wrong usage or configuration, or the address is taken
`

/** `serve`: runs on a schedule, and the state of the catalogue over HTTP. */
export function registerServe(program: Command, session: Session): void {
  const command = program
    .command('serve')
    .description('update on a schedule, and show the catalogue and the runs over HTTP')
    .argument('[NAME...]', 'images to look at: name, shortname or file, with * and ? (default: all)')
    .addHelpText('after', examples)
  addServiceOptions(command)
  addUpdateOptions(command)
  command.action(async (names: readonly string[]) => {
    const { serve } = await import('./serve-action.ts')
    const readAnew = async () => {
      await configure(command, session)
      return readFlags<AllFlags['values']>(command)
    }
    await serve(readAnew, names, session)
  })
}

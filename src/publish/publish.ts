import type { Listener } from '../events.ts'
import { summarizeClouds } from '../report/publish.ts'
import { reportedError } from '../report/refusal.ts'
import type { CloudOutcome, OutcomeError, PublishReport } from '../report/schemas.ts'
import { begin, endInOrder, errorOf, type RunContext, secondsSince } from '../run/run.ts'
import { closeClouds, inEach, type OpenedCloud, openClouds, unusable } from './open.ts'
import { type PublishOptions, type PublishSettings, settlePublish } from './options.ts'
import type { Surroundings } from './run.ts'
import { readWanted, type Wanted, withDefects } from './wanted.ts'

/**
 * Brings what the catalogue names into each cloud, and retires what it keeps no longer. A cloud, an image, a file that
 * fails stops no other. Only images of our project with our tag are changed, and of these only those whose definition was
 * read in this run.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, CLOUD_CONFIGURATION if the run cannot begin; nothing was changed then
 */
export async function publishCatalogue(
  options: PublishOptions = {},
  context: RunContext = {},
): Promise<PublishReport> {
  const startedAt = new Date()
  const settings = settlePublish(options)
  return withClouds(settings, context, async (clouds) => {
    const { outcomes, errors } = await clouds.publish()
    return {
      schema_version: 1,
      command: 'publish',
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      dry_run: settings.dryRun,
      summary: summarizeClouds(outcomes, errors.length),
      clouds: outcomes,
      errors,
    }
  })
}

/** What an update has left to be published. */
export interface Left {
  /** Names of images that have failed: nothing of theirs is retired. */
  readonly failed: ReadonlySet<string>
  /** Texts of files that a dry run would have written, by their paths. */
  readonly planned: ReadonlyMap<string, string>
}

export interface Published {
  readonly outcomes: readonly CloudOutcome[]
  /** Files that could not be read. */
  readonly errors: readonly OutcomeError[]
}

/** Clouds that are logged in to. */
export interface Clouds {
  /** @throws UpdaterError CATALOG_*, USAGE if no file can be read, or a name selects nothing */
  publish(): Promise<Published>
  /** The same after an update; what goes wrong is the outcome of the clouds. */
  publishAfter(left: Left): Promise<Published>
}

/**
 * Logs in, and stays logged in for as long as the task takes.
 * @throws UpdaterError CONFIGURATION, CLOUD_CONFIGURATION before the task begins, and what it throws
 */
export async function withClouds<Result>(
  settings: PublishSettings,
  context: RunContext,
  task: (clouds: Clouds) => Promise<Result>,
): Promise<Result> {
  const beginning = begin(context, settings)
  const { note, signal } = beginning
  let opened: readonly OpenedCloud[] = []
  try {
    opened = await openClouds(settings.cloud, beginning, context)
    const publishTo = async (left?: Left) => {
      const wanted = await readWanted(settings, beginning, left?.planned)
      return publishWanted(wanted, opened, { settings, ...beginning, failed: left?.failed })
    }
    return await task({
      publish: () => publishTo(),
      publishAfter: (left) =>
        publishTo(left).catch((thrown: unknown) => {
          const error = errorOf(thrown, signal)
          return { outcomes: opened.map(({ cloud }) => unusable(cloud, error)), errors: [] }
        }),
    })
  } finally {
    await closeClouds(opened, note)
    await endInOrder([() => beginning.http.close()], note)
  }
}

async function publishWanted(
  wanted: Wanted,
  opened: readonly OpenedCloud[],
  surroundings: Surroundings,
): Promise<Published> {
  const { onEvent } = surroundings
  const { length } = wanted.definitions
  onEvent({ type: 'run-start', images: length * opened.length })
  const { publishTo } = await import('./cloud.ts')
  const outcomes = await inEach(opened, surroundings, async (session, index) => {
    const own = { ...surroundings, onEvent: shifted(onEvent, index * length) }
    return publishTo(session, wanted, own)
  })
  return {
    outcomes: withDefects(outcomes, wanted),
    errors: wanted.failures.map((error) => reportedError(error)),
  }
}

/** Images of several clouds are told apart by their places. */
function shifted(onEvent: Listener, offset: number): Listener {
  return (event) => {
    if (event.type !== 'image') return onEvent(event)
    const { image } = event
    onEvent({ ...event, image: { ...image, ordinal: image.ordinal + offset } })
  }
}

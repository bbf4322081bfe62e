import { homedir } from 'node:os'
import { readTexts } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { type CloudName, formatCloudName, parseCloudName } from '../cloud/clouds.ts'
import { type ReadDefinition, readCloudDefinitions } from '../cloud/definition.ts'
import type { CloudSession } from '../cloud/session.ts'
import { asUpdaterError, describeError, UpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import type { HttpClient } from '../http/client.ts'
import { summarizeClouds } from '../report/publish.ts'
import { reportedError } from '../report/refusal.ts'
import type { CloudImageOutcome, CloudOutcome, PublishReport } from '../report/schemas.ts'
import { type Beginning, begin, endInOrder, errorOf, type RunContext, secondsSince } from '../run/run.ts'
import type { Wanted } from './cloud.ts'
import { type PublishOptions, type PublishSettings, settlePublish } from './options.ts'
import type { Surroundings } from './run.ts'

/**
 * Brings what the catalogue names into each cloud, and retires what it keeps no longer. A cloud, an image, a file that
 * fails stops no other. Only images of our project with our tag are changed, and of these only those whose definition was
 * read in this run.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_* if the run cannot begin; nothing was changed then
 */
export async function publishCatalogue(
  options: PublishOptions = {},
  context: RunContext = {},
): Promise<PublishReport> {
  const settings = settlePublish(options)
  const { startedAt, ...beginning } = begin(context, settings)
  const { signal, onEvent, note, http, memory } = beginning
  try {
    const read = await readWanted(settings, beginning)
    const names = cloudNames(settings)
    onEvent({ type: 'run-start', images: read.definitions.length * names.length })
    const clouds = await Promise.all(
      names.map((name, index) => {
        const offset = index * read.definitions.length
        const own = { settings, signal, note, http, memory, onEvent: shifted(onEvent, offset) }
        return inCloud(name, read, own, context)
      }),
    )
    return {
      schema_version: 1,
      command: 'publish',
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      dry_run: settings.dryRun,
      summary: summarizeClouds(clouds),
      clouds,
      errors: read.failures.map((error) => reportedError(error)),
    }
  } finally {
    await endInOrder([() => http.close()], note)
  }
}

/** What was read of a catalogue. */
interface Read extends Wanted {
  /** Selected images with defects. */
  readonly defective: readonly ReadDefinition[]
  /** Files that could not be read: nobody knows what they define, so nothing of theirs is touched. */
  readonly failures: readonly UpdaterError[]
}

/** @throws UpdaterError CATALOG_* if no file can be read, USAGE if a name selects nothing */
async function readWanted(
  { images: paths, names }: PublishSettings,
  { http, signal }: Pick<Beginning, 'http' | 'signal'>,
): Promise<Read> {
  const failures: UpdaterError[] = []
  const all = (await readTexts(paths)).flatMap(({ path, text, defect }) => {
    try {
      if (defect !== undefined) throw defect
      return readCloudDefinitions(path, text)
    } catch (error) {
      failures.push(asUpdaterError(error))
      return []
    }
  })
  const [failure] = failures
  if (all.length === 0 && failure !== undefined) throw failure
  const selected = new Set(selectImages([{ images: all.map(({ image }) => image) }], names))
  const isSelected = ({ image }: ReadDefinition) => selected.has(image)
  const chosen = await Promise.all(all.filter(isSelected).map((one) => resolved(one, http, signal)))
  const definitions = chosen.flatMap(({ definition }) => definition ?? [])
  const defective = chosen.filter(({ definition }) => definition === undefined)
  const others = all
    .filter((one) => !isSelected(one) || one.definition === undefined)
    .map(({ image }) => image)
  return { definitions, defective, others, failures, isComplete: failures.length === 0 }
}

/** What `version: latest` is today has to be asked for: if that fails, it is a defect of the definition. */
async function resolved(
  read: ReadDefinition,
  http: HttpClient,
  signal: AbortSignal,
): Promise<ReadDefinition> {
  const { definition } = read
  if (definition?.versions.some(({ version }) => version === 'latest') !== true) return read
  try {
    const { withLatest } = await import('./latest.ts')
    return { ...read, definition: await withLatest(definition, http, signal) }
  } catch (error) {
    return { ...read, definition: undefined, defects: [errorOf(error, signal)] }
  }
}

/** Without a name it is the cloud of OS_CLOUD, or that of the OS_* variables. */
function cloudNames({ cloud = [] }: PublishSettings): readonly Partial<CloudName>[] {
  if (cloud.length === 0) return [{}]
  return cloud.map((text) => {
    const name = parseCloudName(text)
    if (name !== undefined) return name
    throw new UpdaterError('CONFIGURATION', `"${text}" names no cloud`, {
      remedy: 'Give NAME or NAME/REGION, as clouds.yaml has it',
    })
  })
}

async function inCloud(
  name: Partial<CloudName>,
  read: Read,
  surroundings: Surroundings,
  { hide, httpPolicy }: RunContext,
): Promise<CloudOutcome> {
  const { signal, note } = surroundings
  const failed = read.defective.map(defectiveOutcome)
  let session: CloudSession | undefined
  try {
    const { openCloud } = await import('../cloud/keystone.ts')
    const places = { env: process.env, cwd: process.cwd(), home: homedir() }
    session = await openCloud(name, { ...places, note, signal, hide, policy: httpPolicy })
    const { publishTo } = await import('./cloud.ts')
    const { images, ...outcome } = await publishTo(session, read, surroundings)
    return { cloud: session.cloud, project: session.project.name, images: [...images, ...failed], ...outcome }
  } catch (thrown) {
    const error = errorOf(thrown, signal)
    const called =
      name.name === undefined ? 'the cloud of the environment' : formatCloudName({ ...name, name: name.name })
    const cloud = session?.cloud ?? called
    note('warning', `${cloud}: ${describeError(error)}`)
    return { cloud, images: failed, unnamed: [], error: reportedError(error) }
  } finally {
    await session?.close()
  }
}

/** An image whose definition cannot be carried out: nothing of it is touched. */
function defectiveOutcome({ image, defects }: ReadDefinition): CloudImageOutcome {
  const { file, line, name, shortname } = image
  const [first, ...others] = defects.map((defect) => reportedError(defect, image))
  const nothing = { findings: [], brought: [], changes: [], retired: [] }
  const warnings = others.map((one) => describeError(one))
  return { file, line, name, shortname, status: 'failed', ...nothing, warnings, error: first }
}

/** Images of several clouds are told apart by their places. */
function shifted(onEvent: Listener, offset: number): Listener {
  return (event) => {
    if (event.type !== 'image') return onEvent(event)
    const { image } = event
    onEvent({ ...event, image: { ...image, ordinal: image.ordinal + offset } })
  }
}

import { unifiedDiff } from '../catalog/diff.ts'
import { type LockOptions, lockFolders } from '../catalog/lock.ts'
import { readCatalog, readText } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { switchEach } from '../catalog/switch.ts'
import { assertWritable, writeCatalog } from '../catalog/write.ts'
import { isoDay } from '../discovery/stamp.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { guarded, type Listener } from '../events.ts'
import type { Policy } from '../http/policy.ts'
import type { Image } from '../image.ts'
import { flag } from '../option.ts'
import { assertOptions, assertTyped, settleCatalogue, type TakenOptions, withDefaults } from '../options.ts'
import { reportedError } from '../report/refusal.ts'
import type { FileChange, LifecycleRelease, LifecycleReport } from '../report/schemas.ts'
import { assertAcknowledged, classify, productsOf, releaseOf } from './end-of-life.ts'
import type { FetchedLifecycles, LifecycleSources } from './fetch.ts'
import { snapshot } from './snapshot.ts'

/** The options are those of the command `lifecycle`. */
export interface LifecycleOptions extends TakenOptions<'lifecycle'> {
  /** Folders of `*.yml` and `*.yaml` files, or single files. Default: `/etc/images`. */
  readonly images?: readonly string[] | undefined
  /** Only images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
  /** Where dates come from. Default: endoflife.date and Garden Linux's release database. */
  readonly sources?: Partial<LifecycleSources> | undefined
  /** With `fix`: switch off however many there are. Default: false, so that more than 5 at once are refused. */
  readonly yes?: boolean | undefined
}

export interface LifecycleContext {
  readonly signal?: AbortSignal | undefined
  /** Is told remarks on the files that are changed. */
  readonly onEvent?: Listener | undefined
  /** Default: the system's clock. */
  readonly now?: (() => Date) | undefined
  /** Timeouts, retries, limits. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/**
 * Compares the catalogue with the lives of its distributions' releases: which enabled ones are past their end or
 * will soon be, and which supported ones are missing. For dates that could not be fetched, the report has a failure, and
 * those that ship with the program are used.
 * @throws UpdaterError CATALOG_*, USAGE, CONFIGURATION, ABORTED: nothing was changed
 */
export async function checkLifecycle(
  options: LifecycleOptions = {},
  context: LifecycleContext = {},
): Promise<LifecycleReport> {
  assertOptions(context, 'The context')
  const { within, fix, dryRun, lockDir, wait, acknowledge = [] } = withDefaults('lifecycle', options)
  assertAcknowledged(acknowledge)
  const settled = settleCatalogue(options)
  const files = await readCatalog(settled.images)
  const catalogue = files.flatMap((file) => file.images)
  const images = selectImages(files, settled.names)
  const today = isoDay(context.now?.() ?? new Date())
  const { data, failures } = await datesFor(images, today, options, context)
  const question = { images, catalogue, data, today, within, acknowledged: acknowledge }
  const found = classify(question)
  const ended = expired(images, found)
  const onEvent = guarded(context.onEvent)
  const note: Manner['note'] = (level, message) => onEvent({ type: 'note', level, message })
  const manner = { dryRun, lockDir, wait, signal: context.signal, note }
  const { yes = false } = options
  assertTyped('yes', flag(), yes)
  const isDoubtful = ended.length > mostAtOnce && !yes && !dryRun
  const switched = async () => (isDoubtful ? refusal(ended) : switchOff(ended, manner))
  const off = fix ? await switched() : undefined
  const now = (image: Image) => (off?.images.includes(image) ? { ...image, enable: false } : image)
  return {
    schema_version: 1,
    today,
    dates_of: data.asOf,
    within_days: within,
    dry_run: dryRun,
    releases: off === undefined || dryRun ? found : classify({ ...question, images: images.map(now) }),
    failures: [...failures, ...(off?.failures ?? [])].map((error) => reportedError(error)),
    changes: off?.changes ?? [],
    switched_off: (off?.images ?? []).map(({ file, line, name, shortname }) => ({
      file,
      line,
      name,
      shortname,
    })),
  }
}

async function datesFor(
  images: readonly Image[],
  today: string,
  { offline = false, sources }: LifecycleOptions,
  context: LifecycleContext,
): Promise<FetchedLifecycles> {
  if (offline) return { data: snapshot, failures: [] }
  const { fetchLifecycles } = await import('./fetch.ts')
  return fetchLifecycles(productsOf(images), { ...context, sources, today })
}

function expired(images: readonly Image[], releases: readonly LifecycleRelease[]): Image[] {
  const ended = releases.filter(({ status }) => status === 'expired')
  return images.filter((image) => {
    const found = releaseOf(image)
    const isOf = ({ product, release }: LifecycleRelease) =>
      product === found?.product.name && release === found.release
    // One that moves is mended by an update.
    return image.enable && found?.moves === false && ended.some(isOf)
  })
}

interface SwitchedOff {
  readonly changes: readonly FileChange[]
  /** The images that are (in a dry run: would be) off now. */
  readonly images: readonly Image[]
  readonly failures: readonly UpdaterError[]
}

/** Releases end one by one: when many do at once, the dates may be wrong, or somebody else's. */
const mostAtOnce = 5

function refusal(images: readonly Image[]): SwitchedOff {
  const message = `${images.length} images would be switched off, more than ${mostAtOnce} at once: none is`
  const remedy = 'See with --fix --dry-run whether their releases have ended, then repeat it with --yes'
  return { changes: [], images: [], failures: [new UpdaterError('CONFIGURATION', message, { remedy })] }
}

/** Switches images off in their files, each file in one step. A failure does not stop the others. */
async function switchOff(images: readonly Image[], manner: Manner): Promise<SwitchedOff> {
  const files: SwitchedOff[] = []
  for (const file of new Set(images.map((image) => image.file))) {
    const some = images.filter((image) => image.file === file)
    const nothing = (error: unknown) => ({ changes: [], images: [], failures: [asUpdaterError(error)] })
    files.push(await switchIn(file, some, manner).catch(nothing))
  }
  return {
    changes: files.flatMap((one) => one.changes),
    images: files.flatMap((one) => one.images),
    failures: files.flatMap((one) => one.failures),
  }
}

interface Manner extends LockOptions {
  readonly dryRun: boolean
  readonly note: (level: 'info' | 'warning', message: string) => void
}

async function switchIn(file: string, images: readonly Image[], manner: Manner): Promise<SwitchedOff> {
  const { dryRun, note } = manner
  const lock = dryRun ? undefined : await lockFolders([file], manner)
  try {
    const warning = dryRun ? undefined : await assertWritable(file)
    if (warning !== undefined) note('warning', warning)
    const before = await readText(file)
    const edits = images.map(({ index, name }) => ({ index, name, enable: false }))
    const { text, failed } = switchEach(file, before, edits)
    if (!dryRun && text !== before) await writeCatalog(file, before, text)
    return {
      changes: text === before ? [] : [{ file, diff: unifiedDiff(file, before, text) }],
      images: images.filter((image) => !failed.some(({ edit }) => edit.index === image.index)),
      failures: failed.map(({ error }) => error),
    }
  } finally {
    await lock?.release()
  }
}

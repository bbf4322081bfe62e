import { readTexts } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { isOfShard } from '../catalog/shard.ts'
import { type Definition, type ReadDefinition, readCloudDefinitions } from '../cloud/definition.ts'
import { asUpdaterError, describeError, type UpdaterError } from '../errors.ts'
import type { HttpClient } from '../http/client.ts'
import type { Image } from '../image.ts'
import { reportedError } from '../report/refusal.ts'
import type { CloudImageOutcome, CloudOutcome } from '../report/schemas.ts'
import { type Beginning, errorOf } from '../run/run.ts'
import type { PublishSettings } from './options.ts'

/** What is to be in the clouds. */
export interface Wanted {
  /** Those that can be brought, of the images that were selected. */
  readonly definitions: readonly Definition[]
  /** Of which nothing is done or said: not selected, of another shard, or with defects. */
  readonly others: readonly Image[]
  /** Selected images with defects. */
  readonly defective: readonly CloudImageOutcome[]
  /** Files that could not be read: nobody knows what they define, so nothing of theirs is touched. */
  readonly failures: readonly UpdaterError[]
}

/**
 * Reads what the catalogue says of the clouds.
 * @param planned texts of files that a dry run would have written, by their paths
 * @throws UpdaterError CATALOG_* if no file can be read, USAGE if a name selects nothing
 */
export async function readWanted(
  { images: paths, names, shard }: PublishSettings,
  { http, signal }: Pick<Beginning, 'http' | 'signal'>,
  planned: ReadonlyMap<string, string> = new Map(),
): Promise<Wanted> {
  const failures: UpdaterError[] = []
  const all = (await readTexts(paths)).flatMap(({ path, text, defect }) => {
    try {
      if (defect !== undefined) throw defect
      return readCloudDefinitions(path, planned.get(path) ?? text)
    } catch (error) {
      failures.push(asUpdaterError(error))
      return []
    }
  })
  const [failure] = failures
  if (all.length === 0 && failure !== undefined) throw failure
  const named = new Set(selectImages([{ images: all.map(({ image }) => image) }], names))
  const isSelected = ({ image }: ReadDefinition) =>
    named.has(image) && (shard === undefined || isOfShard(image.file, shard))
  const chosen = await Promise.all(all.filter(isSelected).map((one) => resolved(one, http, signal)))
  const others = all.filter((one) => !isSelected(one) || one.definition === undefined)
  return {
    definitions: chosen.flatMap(({ definition }) => definition ?? []),
    others: others.map(({ image }) => image),
    defective: chosen.filter(({ definition }) => definition === undefined).map(defectiveOutcome),
    failures,
  }
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

/** An image whose definition cannot be carried out: nothing of it is touched. */
function defectiveOutcome({ image, defects }: ReadDefinition): CloudImageOutcome {
  const { file, line, name, shortname } = image
  const [first, ...others] = defects.map((defect) => reportedError(defect, image))
  const nothing = { findings: [], brought: [], changes: [], retired: [] }
  const warnings = others.map((one) => describeError(one))
  return { file, line, name, shortname, status: 'failed', ...nothing, warnings, error: first }
}

/** Each cloud lacks what cannot be carried out in any. */
export function withDefects(
  outcomes: readonly CloudOutcome[],
  { defective }: Pick<Wanted, 'defective'>,
): CloudOutcome[] {
  return outcomes.map((one) => ({ ...one, images: [...one.images, ...defective] }))
}

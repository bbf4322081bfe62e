import { homedir } from 'node:os'
import { throwDefects } from '../catalog/defects.ts'
import { type CloudName, formatCloudName, parseCloudName } from '../cloud/clouds.ts'
import type { CloudSession } from '../cloud/session.ts'
import { describeError, UpdaterError } from '../errors.ts'
import { reportedError } from '../report/refusal.ts'
import type { CloudOutcome } from '../report/schemas.ts'
import { type Beginning, endInOrder, errorOf, type Note, type RunContext } from '../run/run.ts'

/** A cloud that was asked for, and the login, or why there is none. */
export type OpenedCloud =
  | { readonly cloud: string; readonly session: CloudSession }
  | { readonly cloud: string; readonly session?: undefined; readonly error: UpdaterError }

/**
 * Logs in to each cloud. One that fails stops no other.
 * @param names as `--cloud` has them; none: the cloud of OS_CLOUD, or that of the OS_* variables
 * @throws UpdaterError CONFIGURATION: a text that names no cloud; CLOUD_CONFIGURATION: none is configured rightly
 */
export async function openClouds(
  names: readonly string[] = [],
  { signal, note }: Pick<Beginning, 'signal' | 'note'>,
  { hide, httpPolicy: policy }: Pick<RunContext, 'hide' | 'httpPolicy'>,
): Promise<readonly OpenedCloud[]> {
  const wanted = names.length === 0 ? [{}] : [...new Set(names)].map(cloudName)
  const { openCloud } = await import('../cloud/keystone.ts')
  const places = { env: process.env, cwd: process.cwd(), home: homedir() }
  const opened = await Promise.all(
    wanted.map(async (name: Partial<CloudName>): Promise<OpenedCloud> => {
      try {
        const session = await openCloud(name, { ...places, note, signal, hide, policy })
        return { cloud: session.cloud, session }
      } catch (thrown) {
        const cloud = name.name === undefined ? 'the cloud of the environment' : calledName(name.name, name)
        return { cloud, error: errorOf(thrown, signal) }
      }
    }),
  )
  const errors = opened.flatMap((one) => ('error' in one ? one.error : []))
  const isUnconfigured = errors.every(({ code }) => code === 'CLOUD_CONFIGURATION')
  if (errors.length === opened.length && isUnconfigured) throwDefects(errors, 'The list of clouds')
  for (const one of opened) {
    // Of a run that ends this is no news.
    if ('error' in one && !signal.aborted) note('error', `${one.cloud}: ${describeError(one.error)}`)
  }
  return opened
}

function calledName(name: string, { region }: Partial<CloudName>): string {
  return formatCloudName({ name, region })
}

function cloudName(text: string): CloudName {
  const name = parseCloudName(text)
  if (name !== undefined) return name
  throw new UpdaterError('CONFIGURATION', `"${text}" names no cloud`, {
    remedy: 'Give NAME or NAME/REGION, as clouds.yaml has it',
  })
}

export async function closeClouds(opened: readonly OpenedCloud[], note: Note): Promise<void> {
  await endInOrder(
    opened.map(
      ({ session }) =>
        () =>
          session?.close(),
    ),
    note,
  )
}

/** Returns what became of each cloud; what goes wrong in one is its outcome. */
export function inEach(
  opened: readonly OpenedCloud[],
  { signal, note }: Pick<Beginning, 'signal' | 'note'>,
  task: (session: CloudSession, index: number) => Promise<Omit<CloudOutcome, 'cloud' | 'project'>>,
): Promise<CloudOutcome[]> {
  return Promise.all(
    opened.map(async (one, index) => {
      if (one.session === undefined) return unusable(one.cloud, one.error)
      const { cloud, project } = one.session
      try {
        return { cloud, project: project.name, ...(await task(one.session, index)) }
      } catch (thrown) {
        const error = errorOf(thrown, signal)
        if (!signal.aborted) note('error', `${cloud}: ${describeError(error)}`)
        return unusable(cloud, error)
      }
    }),
  )
}

export function unusable(cloud: string, error: UpdaterError): CloudOutcome {
  return { cloud, images: [], unnamed: [], error: reportedError(error) }
}

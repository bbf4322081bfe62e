import { randomBytes } from 'node:crypto'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { keyOfUrl, probeAddress } from '../stores/kinds.ts'
import { checkPublic, findPublic } from '../stores/public.ts'
import type { Store } from '../stores/store.ts'
import { recordOfText, storeText } from '../stores/text-object.ts'
import type { RunSettings } from './options.ts'
import type { Beginning, Readers } from './run.ts'

/** @param images whose objects on this mirror may be readable already: then nothing has to be stored to find out */
export function findReaders(
  store: Store | undefined,
  settings: Pick<RunSettings, 'mirror' | 'checkPublic'>,
  images: readonly Image[],
  run: Beginning,
): Readers {
  let found: Promise<UpdaterError | undefined> | undefined
  const find = async () => {
    if (store === undefined || !settings.checkPublic) return undefined
    const failure = (await canReadAny(images, settings, run)) ? undefined : await probe(store, settings, run)
    if (failure !== undefined) run.onEvent({ type: 'stopped', error: failure })
    return failure
  }
  return {
    async assertAny() {
      found ??= find()
      const cause = await found
      if (cause === undefined) return
      throw new UpdaterError(cause.code, 'It is not transferred, since nobody could read it', { cause })
    },
    failure: async () => found?.catch(() => undefined),
  }
}

/** Public URLs of the catalogue that are asked at most, and at once: one that is read is enough. */
const asked = 32
const atOnce = 8

async function canReadAny(
  images: readonly Image[],
  { mirror }: Pick<RunSettings, 'mirror'>,
  { http, signal }: Beginning,
): Promise<boolean> {
  const newestFirst = [
    ...images.map(({ versions }) => versions[0]),
    ...images.flatMap(({ versions }) => versions.slice(1)),
  ]
  const urls = newestFirst.flatMap((version) => version?.mirrorUrl ?? [])
  const own = [...new Set(urls.filter((url) => keyOfUrl(mirror, url) !== undefined))].slice(0, asked)
  for (let first = 0; first < own.length; first += atOnce) {
    const answers = await Promise.all(
      own.slice(first, first + atOnce).map((url) => findPublic(url, http, signal).catch(() => undefined)),
    )
    signal.throwIfAborted()
    if (answers.some((answer) => answer !== undefined && !('turnedAway' in answer))) return true
  }
  return false
}

const probeText =
  'image-updater finds out whether everybody can read what it stores here, and removes this at once.\n'

/** Milliseconds. The object goes also where the run is interrupted. */
const removalTime = 10_000

/**
 * Stores an object of a few bytes as an image would be, asks its public URL, and removes it. A store that takes none says
 * nothing here: the transfer will tell.
 * @returns why nobody can read it
 * @throws UpdaterError ABORTED
 */
async function probe(
  store: Store,
  { mirror }: Pick<RunSettings, 'mirror'>,
  { http, signal, note }: Beginning,
): Promise<UpdaterError | undefined> {
  const address = probeAddress(mirror, randomBytes(6).toString('hex'))
  if (address === undefined || address.url.startsWith('file:')) return undefined
  const { key, url } = address
  const record = recordOfText(probeText)
  const head = Buffer.from(probeText)
  try {
    await storeText(store, key, probeText, 'application/octet-stream', signal)
    await checkPublic(url, { size: record.size, head, record }, http, signal)
    return undefined
  } catch (thrown) {
    signal.throwIfAborted()
    const { code, message, remedy } = asUpdaterError(thrown)
    if (code.startsWith('PUBLIC_')) {
      const sentence = `Nothing is transferred, since nobody could read what is stored in ${store.place}: ${message}`
      return new UpdaterError(code, sentence, { remedy, cause: thrown })
    }
    note('debug', `Whether everybody can read what is stored is not known before: ${message}`)
    return undefined
  } finally {
    await store.remove(key, AbortSignal.timeout(removalTime)).catch((thrown) => {
      const why = asUpdaterError(thrown).message
      note('warning', `${key} could not be removed and is left to a later run: ${why}`)
    })
  }
}

import type { DefinedVersion, Definition } from '../cloud/definition.ts'
import type { CloudImage } from '../cloud/image.ts'
import { UpdaterError } from '../errors.ts'
import { formatDigest } from '../image.ts'
import { formatDocument } from '../report/json.ts'
import { runCommand } from '../run/command.ts'

/** What a gate is told, and how long it may take. */
export interface Gate {
  readonly command: string
  /** Milliseconds. */
  readonly timeout: number
  readonly cloud: string
  readonly signal: AbortSignal
  /** Gets each line that it prints. */
  readonly tell: (line: string) => void
}

/**
 * Lets the operator's command try an image that nobody else sees yet. It gets the image's facts as JSON on its standard
 * input, and what a shell can use safely, an id, in its environment: names come from a catalogue.
 * @throws UpdaterError CLOUD_GATE, ABORTED
 */
export async function passGate(
  { command, timeout, cloud, signal, tell }: Gate,
  { image }: Definition,
  { version, digest, buildDate, url }: DefinedVersion,
  fresh: CloudImage,
): Promise<void> {
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(`was ended after ${timeout / 1000} s`), timeout)
  const stop = () => ending.abort('was ended with the program')
  signal.addEventListener('abort', stop, { once: true })
  const facts = {
    cloud,
    id: fresh.id,
    name: image.name,
    version,
    build_date: buildDate,
    checksum: digest && formatDigest(digest),
    url,
    size: fresh.size,
    disk_format: fresh.diskFormat,
    min_disk: fresh.minDisk,
    min_ram: fresh.minRam,
    properties: fresh.properties,
  }
  try {
    signal.throwIfAborted()
    await runCommand(command, {
      input: formatDocument(facts),
      variables: { IMAGE_ID: fresh.id },
      limit: ending.signal,
      tell,
      failed: (how, cause) =>
        new UpdaterError(
          signal.aborted ? 'ABORTED' : 'CLOUD_GATE',
          `The gate ${how} for version ${version} of ${image.name}`,
          {
            remedy: 'Look at what it printed; the image stays as it was, and nobody else sees the new one',
            cause,
          },
        ),
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

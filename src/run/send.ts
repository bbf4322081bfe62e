import type { HttpClient } from '../http/client.ts'
import { redactUrl } from '../http/url.ts'
import type { DigestAlgorithm, Image, SourceFile } from '../image.ts'
import type { Upload } from '../stores/store.ts'
import { assertAnnounced } from '../transfer/decompression/unpacking.ts'
import { Inspector } from '../transfer/inspect.ts'
import type { Transferred } from '../transfer/transfer.ts'
import type { RunSettings } from './options.ts'
import type { Tell } from './run.ts'

/** An image on its way, wherever it goes. */
export interface Sending {
  readonly image: Pick<Image, 'format' | 'minDisk'>
  readonly run: {
    readonly settings: Pick<RunSettings, 'connections' | 'maxImageSize' | 'strict' | 'allowUnknownRaw'>
    readonly http: HttpClient
    readonly signal: AbortSignal
  }
  readonly tell: Tell
}

/** What is sent, and by which digests it is known afterwards. */
export interface SentFile extends SourceFile {
  /** Of the digest of what comes out of a packed file. */
  readonly algorithm: DigestAlgorithm
  /** In which the stored bytes are hashed as well. */
  readonly also?: DigestAlgorithm | undefined
}

/**
 * Streams a file to an upload in one pass. What is uploaded becomes visible only after every byte has been verified; on
 * any failure the upload is aborted and nothing of it stays.
 * @param object what the log calls it
 * @param begin opens the upload. @param announced bytes at the source, if its server says so
 * @throws UpdaterError HTTP_*, DIGEST_MISMATCH, SIGNATURE_BAD, DECOMPRESSION_FAILED, IMAGE_*, ABORTED, and what the
 * upload throws
 */
export async function send(
  { image, run, tell }: Sending,
  { url, digest, size: _, ...file }: SentFile,
  object: string,
  begin: (announced: number | undefined, signal: AbortSignal) => Promise<Upload>,
): Promise<Transferred> {
  const { settings, http, signal } = run
  const { connections, maxImageSize, strict, allowUnknownRaw } = settings
  const started = performance.now()
  const { transfer } = await import('../transfer/transfer.ts')
  const source = await http.download(url, { signal, connections })
  const { url: arrived, size: announced } = source.facts
  let upload: Upload
  try {
    assertAnnounced(announced, maxImageSize)
    upload = await begin(announced, signal)
  } catch (error) {
    await source.discard()
    throw error
  }
  const from = arrived === new URL(url).href ? undefined : redactUrl(arrived)
  tell({ type: 'transfer-start', url, from, object, size: announced })
  try {
    const transferred = await transfer({
      ...file,
      source,
      expected: digest,
      format: image.format,
      upload,
      inspector: new Inspector(image.format, {
        minDisk: image.minDisk,
        strict,
        maxVirtualSize: maxImageSize,
        allowUnknownRaw,
      }),
      maxSize: maxImageSize,
      signal,
      onProgress: (progress) => tell({ type: 'transfer-progress', ...progress, size: announced }),
    })
    const { inspection, size: bytes } = transferred
    const doubts = await upload.complete({
      digest: transferred.digest,
      source: transferred.source,
      size: bytes,
      signedAt: file.signedAt,
    })
    const seconds = (performance.now() - started) / 1000
    for (const message of doubts) tell({ type: 'warning', message })
    tell({ type: 'transfer-end', object, bytes, seconds })
    for (const message of inspection?.warnings ?? []) tell({ type: 'warning', message })
    return transferred
  } catch (error) {
    await upload.abort()
    throw error
  }
}

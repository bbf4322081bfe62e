import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'

/**
 * What the digester asks: hash the first `length` bytes of `block`, or, without a block, say the digest.
 * @typedef {{ id: number, stream: string, block?: SharedArrayBuffer, length?: number }} Request
 * @typedef {{ id: number, hex?: string }} Answer
 */

const hashes = new Map(
  Object.entries(/** @type {Record<string, string>} */ (workerData)).map(([stream, algorithm]) => [
    stream,
    createHash(algorithm),
  ]),
)

/**
 * @param {Request} request
 * @returns {Answer}
 */
function answer({ id, stream, block, length }) {
  const hash = hashes.get(stream)
  if (hash === undefined) throw new Error(`no stream is called ${stream}`)
  if (block === undefined) return { id, hex: hash.digest('hex') }
  hash.update(new Uint8Array(block, 0, length))
  return { id }
}

parentPort?.on('message', (request) => parentPort?.postMessage(answer(request)))

import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

/**
 * What is asked of a stream: to begin it (`algorithm`), to hash the first `length` bytes of `block`, to
 * forget it (`forget`), or else to say its digest.
 * @typedef {{ stream: number, algorithm: string }} Begin
 * @typedef {{ stream: number, forget: true }} Forget
 * @typedef {{ id: number, stream: number, block?: SharedArrayBuffer, length?: number }} Request
 * @typedef {{ id: number, hex?: string }} Answer
 */

/** @type {Map<number, import('node:crypto').Hash>} */
const hashes = new Map()

/**
 * @param {Request} request
 * @returns {Answer}
 */
function answer({ id, stream, block, length }) {
  const hash = hashes.get(stream)
  if (hash === undefined) throw new Error(`no stream has the number ${stream}`)
  if (block === undefined) {
    hashes.delete(stream)
    return { id, hex: hash.digest('hex') }
  }
  hash.update(new Uint8Array(block, 0, length))
  return { id }
}

parentPort?.on('message', (/** @type {Begin | Forget | Request} */ request) => {
  if ('algorithm' in request) hashes.set(request.stream, createHash(request.algorithm))
  else if ('forget' in request) hashes.delete(request.stream)
  else parentPort?.postMessage(answer(request))
})

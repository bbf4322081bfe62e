import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

/**
 * Each digest has a port of its own. A message on it appends the first `length` bytes of `block`, or asks for the
 * digest, which is its last answer.
 * @typedef {{ port: import('node:worker_threads').MessagePort, algorithm: string }} Begin
 * @typedef {{ block?: SharedArrayBuffer, length?: number }} Request
 */

parentPort?.on('message', (/** @type {Begin} */ { port, algorithm }) => {
  const hash = createHash(algorithm)
  port.on('message', (/** @type {Request} */ { block, length }) => {
    if (block !== undefined) hash.update(new Uint8Array(block, 0, length))
    port.postMessage(block === undefined ? hash.digest('hex') : '')
  })
})

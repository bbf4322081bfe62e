import { setFlagsFromString } from 'node:v8'
import { enableCompileCache } from './compile-cache.ts'

// Where gigabytes stream by, a small young generation saves memory: 20 MiB and more if Node is started with
// --max-semi-space-size=1, as bin/image-updater does. Where it is not, this keeps at least newer Nodes from growing it.
setFlagsFromString('--semi-space-growth-factor=1')
enableCompileCache(process.env)
await import('./main.ts').catch(tellStart)

/** The rest of the program could not be loaded, so there is nothing else to tell it with. */
function tellStart(error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException
  const isFull = code === 'EMFILE' || code === 'ENFILE'
  const why = isFull ? 'too many files are open. Allow more: ulimit -n, LimitNOFILE= of systemd' : message
  process.stderr.write(`image-updater: the program could not be loaded: ${why}.\n`)
  process.exitCode = 70
}

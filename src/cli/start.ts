import { setFlagsFromString } from 'node:v8'
import { enableCompileCache } from './compile-cache.ts'

// Where gigabytes stream by, a small young generation saves memory: 20 MiB and more if Node is started with
// --max-semi-space-size=1, as bin/image-updater does. Where it is not, this keeps at least newer Nodes from growing it.
setFlagsFromString('--semi-space-growth-factor=1')
enableCompileCache(process.env)
await import('./main.ts')

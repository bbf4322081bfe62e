/** What else looks at images: QEMU, and the inspector of OpenStack's services. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const hasQemu = spawnSync('qemu-img', ['--version']).status === 0

/** What `qemu-img info` says, as far as it is looked at. */
export interface QemuInfo {
  readonly format: string
  readonly 'virtual-size': number
  readonly 'backing-filename'?: string
  readonly encrypted?: boolean
  readonly 'format-specific'?: { readonly data?: Readonly<Record<string, unknown>> }
}

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
export const file = join(folder, 'image')

export function write(image: Uint8Array): void {
  writeFileSync(file, image)
}

/**
 * Asks about the file that was written last.
 * @param format QEMU's name of it; absent: it finds out
 * @returns its complaint, if it does not open the file
 */
export function askQemu(format?: string): QemuInfo | string {
  const as = format === undefined ? [] : ['-f', format]
  const { status, stdout, stderr } = spawnSync('qemu-img', ['info', '--output=json', ...as, file], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return status === 0 ? (JSON.parse(stdout) as QemuInfo) : stderr.trim() || `status ${status}`
}

const script = `
import sys
from oslo_utils.imageutils import format_inspector
print('ready', flush=True)
for line in sys.stdin:
    try:
        with open(line.strip(), 'rb') as image:
            wrapper = format_inspector.InspectWrapper(image)
            while wrapper.read(65536):
                pass
            wrapper.close()
        found = {str(one): one for one in wrapper.formats}
        # An ISO may begin with the boot record of a disk; Glance takes it for an ISO.
        if set(found) == {'iso', 'gpt'}:
            found.pop('gpt')
        for one in found.values():
            one.safety_check()
        print(' '.join(found), flush=True)
    except Exception as error:
        print('refused: ' + ' '.join(str(getattr(error, 'failures', error)).split()), flush=True)
`

/** One process for all cases: to start it takes longer than to judge an image. */
async function start(): Promise<
  { readonly child: ChildProcessWithoutNullStreams; readonly lines: AsyncIterator<string> } | undefined
> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const child = spawn(python, ['-c', script])
    child.on('error', () => {})
    child.stdin.on('error', () => {})
    child.stderr.resume()
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    if ((await lines.next()).value !== 'ready') continue
    process.on('exit', () => child.kill())
    return { child, lines }
  }
  return undefined
}

const inspector = await start()
export const hasOslo = inspector !== undefined

/** The format by oslo.utils of the file that was written last, or `refused: …`. */
export async function askOslo(): Promise<string | undefined> {
  inspector?.child.stdin.write(`${file}\n`)
  return (await inspector?.lines.next())?.value
}

import { findUrlStamp } from '../discovery/stamp.ts'
import { lookAt, type WantedFile } from '../run/bring.ts'
import { type Claim, sharedObject } from '../run/named.ts'
import { isRecordedOf } from '../run/recorded.ts'
import { type Address, addressOf } from '../stores/kinds.ts'
import { isSerial } from '../stores/naming.ts'
import { digestOfText } from '../stores/text-object.ts'
import type { UpdateTask } from './task.ts'

/**
 * Returns the address for a build of a day, which the catalogue is to name, or undefined if the mirror has no public
 * base: that of the day, or where the catalogue names another build there, one that tells them apart.
 * @param date `YYYYMMDD`
 * @throws UpdaterError CONFIGURATION, STORE_*, ABORTED; CATALOG_TYPE if other builds have all that it could have
 */
export async function freeAddress(
  task: UpdateTask,
  file: WantedFile,
  date: string,
): Promise<Address | undefined> {
  const { image, run } = task
  let taken: { readonly key: string; readonly by: Claim } | undefined
  for (const address of addressesOf(task, file, date)) {
    const by = await otherThan(task, file, address)
    if (by === undefined) {
      run.named.add(address.key, image, file)
      return address
    }
    taken = { key: address.key, by }
  }
  if (taken !== undefined) throw sharedObject(taken.key, taken.by)
  return undefined
}

/** The addresses that a build of a day may have, the usual one first. @throws UpdaterError CONFIGURATION */
export function addressesOf({ image, run }: UpdateTask, file: WantedFile, date: string): readonly Address[] {
  const { mirror } = run.settings
  const serials = [undefined, ...serialsOf(file)]
  return serials.flatMap((serial) => addressOf(mirror, image, { date, serial }) ?? [])
}

/** What tells a build from others of its day: its serial, a part of its digest, or of that of its URL, which names it. */
function serialsOf({ url, digest, content }: WantedFile): readonly string[] {
  const { serial = '' } = findUrlStamp(url) ?? {}
  const { hex } = digest ?? content ?? digestOfText(url)
  return [serial, hex.slice(0, 12)].filter(isSerial)
}

/** Who names other bytes at the address, so that these cannot go there. */
async function otherThan(
  { run }: UpdateTask,
  file: WantedFile,
  { key }: Address,
): Promise<Claim | undefined> {
  const others = run.named.others(key, file)
  const [first] = others
  if (first === undefined || run.store === undefined) return first
  const { object } = await lookAt(key, run, file)
  const [newer] = run.named.others(key, file).slice(others.length)
  if (newer !== undefined) return newer
  if (object === undefined) return others.find(({ isCertain }) => isCertain)
  return isRecordedOf(object, file) ? undefined : first
}

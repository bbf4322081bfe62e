import { findUrlStamp } from '../discovery/stamp.ts'
import { lookAt, type WantedFile } from '../run/bring.ts'
import { type Claim, sharedObject } from '../run/named.ts'
import { isRecordedOf, type Looked } from '../run/recorded.ts'
import { type Address, addressOf } from '../stores/kinds.ts'
import { isSerial } from '../stores/naming.ts'
import { digestOfText } from '../stores/text-object.ts'
import type { UpdateTask } from './task.ts'

/** Where a build goes. */
export interface Destination {
  readonly address: Address
  /** What lies there now; nothing where no store is asked. */
  readonly looked?: Looked | undefined
}

/**
 * Returns the address for a build of a day, which the catalogue is to name, or undefined if the mirror has no public
 * base: that of the day, or where another build has that, one that tells them apart. Another build has it if the catalogue
 * names that, or if an earlier run has stored it: a change of the catalogue that waits to be merged may name it.
 * @param date `YYYYMMDD`
 * @throws UpdaterError CONFIGURATION, STORE_*, ABORTED; CATALOG_TYPE if the catalogue names other builds by all of them
 */
export async function freeAddress(
  task: UpdateTask,
  file: WantedFile,
  date: string,
): Promise<Destination | undefined> {
  const { image, run } = task
  let taken: { readonly key: string; readonly by: Claim } | undefined
  const addresses = addressesOf(task, file, date)
  for (const address of addresses) {
    const { key } = address
    const others = run.named.others(key, file)
    const looked = run.store === undefined ? undefined : await lookAt(key, run, file)
    // Another image may have been faster meanwhile.
    const by = claimOn(looked, others, file) ?? run.named.others(key, file)[others.length]
    if (by !== undefined) taken = { key, by }
    else if (address === addresses.at(-1) || !isOfAnother(looked, file)) {
      run.named.add(key, image, file)
      return { address, looked }
    }
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

/** Who names other bytes than the file's, so that these cannot go there. @param others who may do so */
function claimOn(looked: Looked | undefined, others: readonly Claim[], file: WantedFile): Claim | undefined {
  if (looked === undefined) return others[0]
  if (looked.object === undefined) return others.find(({ isCertain }) => isCertain)
  return isRecordedOf(looked.object, file) ? undefined : others[0]
}

/** Is an object there of which we have recorded that it is another build? */
function isOfAnother(looked: Looked | undefined, file: WantedFile): boolean {
  const { record, size } = looked?.object ?? {}
  const isKnown = file.digest !== undefined || file.content !== undefined
  return isKnown && record?.size === size && record !== undefined && !isRecordedOf(looked?.object, file)
}

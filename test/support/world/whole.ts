import { expect } from 'vitest'
import { isSeq, parseDocument } from 'yaml'
import type { Newest } from './published.ts'

type Entry = Readonly<Record<string, unknown>>

/** An image as a check of a catalogue needs it. */
export interface Watched {
  readonly file: string
  readonly shortname: string
  /** Default: qcow2. */
  readonly format?: string
  /** Default: that of the first build of a day. */
  readonly object?: string
  readonly newest: Newest
}

/** Where a run's images go. */
export interface MirrorPlace {
  /** The object's bytes, if it is visible. */
  read(object: string): Promise<Buffer | undefined>
  /** Its public URL. */
  url(object: string): string
}

export function objectOf({ shortname, newest, format = 'qcow2', object }: Watched): string {
  return object ?? `${shortname}/${newest.version}-${shortname}.${format}`
}

/** The first version of an image in a catalogue text. */
export function entryOf(text: string | undefined, shortname: string): Entry | undefined {
  const document = parseDocument(text ?? '')
  const list = document.get('images')
  if (!isSeq(list)) return undefined
  const images: { shortname: string; versions: Entry[] }[] = list.toJS(document)
  return images.find((image) => image.shortname === shortname)?.versions[0]
}

/**
 * Every entry is the old one or the new one, what a new one names is there, and whatever is visible of an
 * image is all of it. Returns the shortnames of the new ones.
 */
export async function assertWhole(
  images: readonly Watched[],
  texts: {
    readonly before: Readonly<Record<string, string>>
    readonly after: Readonly<Record<string, string>>
  },
  origin: string,
  place: MirrorPlace,
): Promise<string[]> {
  const done: string[] = []
  for (const image of images) {
    const { file, shortname, newest } = image
    const object = objectOf(image)
    const bytes = await place.read(object)
    if (bytes !== undefined) expect(bytes.equals(newest.stored), `${object} is whole`).toBe(true)
    if (texts.after[file] === texts.before[file]) continue
    const entry = entryOf(texts.after[file], shortname)
    if (entry?.checksum !== newest.checksum) {
      expect(entry, `the entry of ${shortname}`).toEqual(entryOf(texts.before[file], shortname))
      continue
    }
    done.push(shortname)
    expect(entry).toMatchObject({
      version: newest.version,
      url: `${origin}/${newest.path}`,
      mirror_url: place.url(object),
    })
    expect(bytes, `${object}, which the catalogue names`).toBeDefined()
  }
  return done
}

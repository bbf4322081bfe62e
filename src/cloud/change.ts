import type { CloudImage, PatchOperation, Visibility } from './image.ts'

/** What is done to an image that is there. */
export type Action =
  | { readonly kind: 'patch'; readonly operations: readonly PatchOperation[] }
  | { readonly kind: 'deactivate' | 'reactivate' | 'remove' }

/** One call that changes an image. */
export interface Change {
  /** As it is before. */
  readonly image: CloudImage
  readonly action: Action
  /** For people, each a part of a sentence: `takes the name "Debian 12"`. */
  readonly why: readonly string[]
}

export function patched(
  image: CloudImage,
  operations: readonly PatchOperation[],
  why: readonly string[],
): Change {
  return { image, action: { kind: 'patch', operations }, why }
}

/** Returns the image as it is after the change, or undefined if it is gone. */
export function changed(image: CloudImage, action: Action): CloudImage | undefined {
  switch (action.kind) {
    case 'remove':
      return undefined
    case 'deactivate':
      return { ...image, status: 'deactivated' }
    case 'reactivate':
      return { ...image, status: 'active' }
    case 'patch':
      return action.operations.reduce(withOperation, image)
  }
}

/** Returns the images as they are after the changes. */
export function carriedOut(images: readonly CloudImage[], changes: readonly Change[]): readonly CloudImage[] {
  return changes.reduce(
    (all, { image: { id }, action }) =>
      all.flatMap((one) => (one.id === id ? (changed(one, action) ?? []) : one)),
    images,
  )
}

function withOperation(image: CloudImage, { op, path, value }: PatchOperation): CloudImage {
  const key = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  switch (key) {
    case 'name':
      return { ...image, name: String(value) }
    case 'visibility':
      return { ...image, visibility: value as Visibility }
    case 'os_hidden':
      return { ...image, isHidden: value === true }
    case 'min_disk':
      return { ...image, minDisk: Number(value) }
    case 'min_ram':
      return { ...image, minRam: Number(value) }
    case 'tags':
      return { ...image, tags: value as readonly string[] }
  }
  const { [key]: _, ...rest } = image.properties
  return { ...image, properties: op === 'remove' ? rest : { ...rest, [key]: String(value) } }
}

import type { Definition } from '../cloud/definition.ts'
import { endOfLife, hasEnded } from '../lifecycle/end-of-life.ts'
import { snapshot } from '../lifecycle/snapshot.ts'

/**
 * Has a definition's release ended? If its operator promises to provide it until a later day (`meta.provided_until`,
 * https://docs.scs.community/standards/scs-0102-v1-image-metadata), that counts: some pay for a longer support.
 * @param today `YYYY-MM-DD`
 */
export function isOver({ image, meta }: Definition, today: string): boolean {
  const release = endOfLife(image, snapshot)
  if (release === undefined || !hasEnded(release, today)) return false
  const { provided_until: until = '' } = meta
  return !(/^\d{4}-\d\d-\d\d$/.test(until) && until >= today)
}

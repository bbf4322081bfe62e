import type { Image } from '../../image.ts'
import type { Resolver } from '../resolver.ts'
import { notAFile, sourcesOf } from '../sources.ts'
import { almalinux } from './almalinux.ts'
import { centos } from './centos.ts'
import { datedFolderResolver } from './dated-folder.ts'
import { debian } from './debian.ts'
import { manifestResolver } from './manifest.ts'
import { placeholderResolver } from './placeholder.ts'
import { rocky } from './rocky.ts'
import { ubuntu } from './ubuntu.ts'

const anyDistribution = () => true

/** All resolvers; the first that serves an image is the one. The last three need only the URLs' shape. */
export const resolvers: readonly Resolver[] = [
  ubuntu,
  debian,
  almalinux,
  centos,
  rocky,
  placeholderResolver('placeholder', anyDistribution),
  datedFolderResolver('dated-folder', anyDistribution),
  manifestResolver('manifest', anyDistribution),
]

/** @throws UpdaterError DISCOVERY_UNSUPPORTED */
export function findResolver(image: Image): Resolver {
  sourcesOf(image)
  const resolver = resolvers.find((candidate) => candidate.serves(image))
  if (resolver !== undefined) return resolver
  throw notAFile(image)
}

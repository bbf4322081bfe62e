import type { Image } from '../../image.ts'
import type { Resolver, Search } from '../resolver.ts'
import { unsupported } from '../sources.ts'
import { almalinux } from './almalinux.ts'
import { alpine } from './alpine.ts'
import { amazonlinux } from './amazonlinux.ts'
import { arch } from './arch.ts'
import { centos } from './centos.ts'
import { cirros } from './cirros.ts'
import { debian } from './debian.ts'
import { fedora } from './fedora.ts'
import { fedoraCoreos } from './fedora-coreos.ts'
import { flatcar } from './flatcar.ts'
import { freebsd } from './freebsd.ts'
import { gardenlinux } from './gardenlinux.ts'
import { genericResolvers } from './generic.ts'
import { gentoo } from './gentoo.ts'
import { kali } from './kali.ts'
import { openeuler } from './openeuler.ts'
import { opensuse } from './opensuse.ts'
import { opnsense } from './opnsense.ts'
import { oraclelinux } from './oraclelinux.ts'
import { clusterApi, octaviaAmphora } from './osism.ts'
import { rocky } from './rocky.ts'
import { talos } from './talos.ts'
import { ubuntu } from './ubuntu.ts'
import { ubuntuStreams } from './ubuntu-streams.ts'

/** All resolvers; the first that serves an image is the one. Those of any distribution come last. */
export const resolvers: readonly Resolver[] = [
  ubuntu,
  ubuntuStreams,
  almalinux,
  rocky,
  fedora,
  fedoraCoreos,
  opensuse,
  arch,
  alpine,
  flatcar,
  talos,
  gardenlinux,
  openeuler,
  oraclelinux,
  amazonlinux,
  freebsd,
  gentoo,
  kali,
  cirros,
  opnsense,
  clusterApi,
  octaviaAmphora,
  debian,
  centos,
  ...genericResolvers,
]

/** Who finds an image's newest build, and how. */
export interface Chosen {
  readonly resolver: Pick<Resolver, 'name' | 'signature'>
  readonly search: Search
}

/** @throws UpdaterError DISCOVERY_UNSUPPORTED */
export function findResolver(image: Image): Chosen & { readonly resolver: Resolver } {
  for (const resolver of resolvers) {
    if (!resolver.serves(image)) continue
    for (const strategy of resolver.strategies) {
      const search = strategy.searchFor(image)
      if (search !== undefined) return { resolver, search }
    }
  }
  throw unsupported(image)
}

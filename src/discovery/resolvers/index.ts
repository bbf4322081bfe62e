import type { StrategyName } from '../options.ts'
import type { Resolver } from '../resolver.ts'
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
import { gentoo } from './gentoo.ts'
import { homeassistant } from './homeassistant.ts'
import { kali } from './kali.ts'
import { openeuler } from './openeuler.ts'
import { opensuse } from './opensuse.ts'
import { openwrt } from './openwrt.ts'
import { opnsense } from './opnsense.ts'
import { oraclelinux } from './oraclelinux.ts'
import { clusterApi, octaviaAmphora } from './osism.ts'
import { rocky } from './rocky.ts'
import { talos } from './talos.ts'
import { ubuntu } from './ubuntu.ts'
import { ubuntuStreams } from './ubuntu-streams.ts'

/** The shared strategies themselves, for what no resolver of a distribution serves. */
const genericResolvers: readonly Resolver[] = [
  anyDistribution('document', 'any: JSON document', ['the document that `latest_checksum_url` names']),
  anyDistribution('placeholder', 'any: `HEREBE…DRAGONS` in `latest_url`', [
    'the listings of folders with patterns',
    'the manifest',
  ]),
  anyDistribution('dated-folder', 'any: folder `current`, `latest` or `release`', [
    'the listing of dated folders',
    'the manifest of the newest',
  ]),
  anyDistribution('pointer', 'any: `HEREBE…DRAGONS` in `latest_checksum_url` alone', [
    'the text at `latest_url`, which names the newest',
    'the manifest',
  ]),
  anyDistribution('manifest', 'any: a file that moves on', ['the manifest']),
]

/** In this order: Debian and CentOS come late, since images of their relatives have their `os_distro` too. */
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
  openwrt,
  homeassistant,
  clusterApi,
  octaviaAmphora,
  debian,
  centos,
  ...genericResolvers,
]

/** Serves images of any distribution whose URLs have the strategy's form. */
function anyDistribution(name: StrategyName, title: string, asks: readonly string[]): Resolver {
  const trusts = 'the checksum over https'
  return { name, title, asks, trusts, recommended: [], serves: { latestUrl: /^/ }, strategies: [name] }
}

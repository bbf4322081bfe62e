import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

const root = 'https://yum.oracle.com/templates/OracleLinux/'

/**
 * Oracle Linux: `https://yum.oracle.com/templates/OracleLinux/ol9-template.json` (aarch64:
 * `ol9_aarch64-cloud-template.json`) has `base_url` and, for KVM, the name and sha256 of the newest image:
 * `OL9/u8/x86_64/OL9U8_x86_64-kvm-b293.qcow2`.
 */
export const oraclelinux: Resolver = {
  name: 'oraclelinux',
  title: 'Oracle Linux',
  asks: ['`ol<N>-template.json`'],
  trusts: 'the checksum over https: no signature was found',
  recommended: ofReleases(['8', '9', '10'], (release, architecture) => ({
    image: `Oracle Linux ${release}`,
    latestUrl: `${root}OL${release}/HEREBEu\\d+DRAGONS/${architecture}/OL${release}HEREBEU\\d+_${architecture}-kvm(-cloud)?-b\\d+DRAGONS.qcow2`,
    checksums: `${root}ol${release}${architecture === 'x86_64' ? '' : '_aarch64-cloud'}-template.json`,
  })),
  serves: { latestUrl: /\/OracleLinux\/|\/OL\d+[^/]*$/ },
  strategies: ['document'],
}

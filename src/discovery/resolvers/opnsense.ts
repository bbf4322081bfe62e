import type { Resolver } from '../resolver.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike } from './recommended.ts'

const release = 'HEREBE\\d\\d\\.\\d+DRAGONS'
const folder = `https://pkg.opnsense.org/releases/${release}/`

/**
 * OPNsense: `https://pkg.opnsense.org/releases/<release>/OPNsense-25.7-nano-amd64.img.bz2`, with
 * `OPNsense-25.7-checksums-amd64.sha256` (BSD, of the packed files) in the same folder.
 */
export const opnsense: Resolver = {
  name: 'opnsense',
  title: 'OPNsense',
  asks: ['the listing of `releases/`', '`OPNsense-<release>-checksums-amd64.sha256` of the newest'],
  trusts: 'the checksum over https; the signatures of images are not OpenPGP and are not looked at',
  unconfirmed: ['the form of the checksum file'],
  recommended: [
    {
      image: 'OPNsense',
      architecture: 'x86_64',
      format: 'raw',
      latestUrl: `${folder}OPNsense-${release}-nano-amd64.img.bz2`,
      latestChecksumUrl: `${folder}OPNsense-${release}-checksums-amd64.sha256`,
    },
  ],
  serves: latestUrlLike(/\/OPNsense-[^/]*$/),
  strategies: [placeholderStrategy()],
}

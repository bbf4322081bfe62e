import type { Resolver } from '../resolver.ts'
import { onOne } from './recommended.ts'

const release = 'HEREBE\\d\\d\\.\\d+(\\.\\d+)?DRAGONS'

/**
 * OPNsense: `https://pkg.opnsense.org/releases/<release>/OPNsense-26.1.6-nano-amd64.img.bz2`, with
 * `OPNsense-26.1.6-checksums-amd64.sha256` (BSD, of the packed files) in the same folder. Beside `26.1/` are the
 * folders of its respins, `26.1.2/` and `26.1.6/`; before a release its folder holds candidates (`OPNsense-26.7.r1-…`).
 */
export const opnsense: Resolver = {
  name: 'opnsense',
  title: 'OPNsense',
  asks: ['the listing of `releases/`', '`OPNsense-<release>-checksums-amd64.sha256` of the newest'],
  trusts: 'the checksum over https; the signatures of images are not OpenPGP and are not looked at',
  recommended: onOne({
    image: 'OPNsense',
    format: 'raw',
    latestUrl: `https://pkg.opnsense.org/releases/${release}/OPNsense-${release}-nano-amd64.img.bz2`,
    checksums: `OPNsense-${release}-checksums-amd64.sha256`,
  }),
  outgrown: [[/HEREBE\\d\\d\\\.\\d\+DRAGONS/g, release]],
  serves: { latestUrl: /\/OPNsense-[^/]*$/ },
  strategies: ['placeholder'],
}

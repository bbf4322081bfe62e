import type { Resolver } from '../resolver.ts'
import { onOne } from './recommended.ts'

const build = 'HEREBE\\d{8}\\.\\d+DRAGONS'

/**
 * Arch Linux: `https://geo.mirror.pkgbuild.com/images/vYYYYMMDD.JOB/Arch-Linux-x86_64-cloudimg-YYYYMMDD.JOB.qcow2`
 * with `.SHA256` (GNU) beside it; `latest/` has the newest under an undated name. The packages of
 * `https://gitlab.archlinux.org/api/v4/projects/archlinux%2Farch-boxes/packages` hold the same files.
 */
export const arch: Resolver = {
  name: 'arch',
  title: 'Arch Linux',
  asks: ['the listing of `images/`', '`<image>.SHA256` of the newest'],
  trusts: '`.SHA256.sig` where there is one, key of arch-boxes; else the checksum over https',
  recommended: onOne({
    image: 'Arch Linux',
    latestUrl: `https://geo.mirror.pkgbuild.com/images/v${build}/Arch-Linux-x86_64-cloudimg-${build}.qcow2`,
    checksums: '.SHA256',
  }),
  serves: { latestUrl: /\/Arch-Linux-[^/]*$/ },
  strategies: ['document', 'placeholder'],
  /**
   * CI signs every file that it publishes, the `.SHA256` too, by a subkey
   * (https://gitlab.archlinux.org/archlinux/arch-boxes, `.gitlab-ci.yml` and `README.md`, which has the key).
   */
  signature: {
    form: ['.sig'],
    fingerprints: ['1B9A 1698 4A4E 8CB4 4871 2D2A E0B7 8BF4 326C 6F8F'],
    keyHint: 'Put the key into the keyring folder; the README of arch-boxes has it',
  },
}

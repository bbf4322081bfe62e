import type { Resolver } from '../resolver.ts'
import { onOne } from './recommended.ts'

const repository = 'home-assistant/operating-system/releases'
const version = 'HEREBE\\d+\\.\\d+DRAGONS'

/**
 * Home Assistant OS: the releases of https://github.com/home-assistant/operating-system, with
 * `haos_ova-18.3.qcow2.xz` and GitHub's own digest of it; candidates are `haos_ova-19.0.rc1.qcow2.xz`.
 */
export const homeassistant: Resolver = {
  name: 'homeassistant',
  title: 'Home Assistant OS',
  asks: ['the releases at GitHub'],
  trusts: "GitHub's digest of the file, over https",
  recommended: onOne({
    image: 'Home Assistant OS',
    latestUrl: `https://github.com/${repository}/download/${version}/haos_ova-${version}.qcow2.xz`,
    checksums: `https://api.github.com/repos/${repository}`,
  }),
  serves: { latestUrl: /\/haos_ova-[^/]*$/ },
  strategies: ['document'],
}

/** A distribution whose releases have dates. */
export interface Product {
  /** As endoflife.date names it; Garden Linux has a database of its own. */
  readonly name: string
  readonly label: string
  /** How the shortname or the name of its images begins, in lower case with hyphens. */
  readonly names: RegExp
  /** `os_distro` of images whose names say nothing. */
  readonly distro?: string | undefined
  /** What of a version names the release. */
  readonly release: RegExp
  /** Releases that a catalogue would have. Absent: all. */
  readonly offered?: RegExp | undefined
  /** Only those with long-term support are missed in a catalogue. */
  readonly longTermOnly?: true | undefined
  /** Its extended support costs nothing, so the end of that one counts. */
  readonly freeExtension?: true | undefined
}

const major = /^(\d+)/
const minor = /^(\d+\.\d+)/

/**
 * The products, the more particular names first. The names of images tell more than `os_distro`: AlmaLinux
 * goes as `centos`, Flatcar as `fedora`, OPNsense as `freebsd` in real catalogues, since that field has a
 * closed list. Ubuntu's extended support is sold, Debian's LTS is free.
 */
export const products: readonly Product[] = [
  {
    name: 'kubernetes',
    label: 'Kubernetes',
    names: /^(?:kubernetes|k8s|ubuntu-[\d.]+-kube|openstack-k8s)\b/,
    release: minor,
  },
  {
    name: 'ubuntu',
    label: 'Ubuntu',
    names: /^ubuntu\b/,
    distro: 'ubuntu',
    release: minor,
    longTermOnly: true,
  },
  {
    name: 'debian',
    label: 'Debian',
    names: /^debian\b/,
    distro: 'debian',
    release: major,
    freeExtension: true,
  },
  { name: 'almalinux', label: 'AlmaLinux', names: /^alma(?:-?linux)?(?!-kitten)\b/, release: major },
  {
    name: 'rocky-linux',
    label: 'Rocky Linux',
    names: /^rocky(?:-?linux)?\b/,
    distro: 'rocky',
    release: major,
  },
  { name: 'centos-stream', label: 'CentOS Stream', names: /^centos-?stream\b/, release: major },
  { name: 'centos', label: 'CentOS', names: /^centos\b/, distro: 'centos', release: major },
  { name: 'fedora', label: 'Fedora', names: /^fedora(?!-coreos)\b/, distro: 'fedora', release: major },
  {
    name: 'opensuse',
    label: 'openSUSE Leap',
    names: /^opensuse(?!-tumbleweed|-microos)\b/,
    distro: 'opensuse',
    release: minor,
  },
  { name: 'alpine-linux', label: 'Alpine Linux', names: /^alpine(?:-?linux)?\b/, release: minor },
  { name: 'oracle-linux', label: 'Oracle Linux', names: /^oracle(?:-?linux)?\b/, release: major },
  { name: 'amazon-linux', label: 'Amazon Linux', names: /^(?:amazon-?linux|al2023|amzn2)\b/, release: major },
  { name: 'opnsense', label: 'OPNsense', names: /^opnsense\b/, release: minor },
  {
    name: 'freebsd',
    label: 'FreeBSD',
    names: /^freebsd\b/,
    distro: 'freebsd',
    release: /^(\d+(?:\.\d+)?)/,
    offered: /^\d+$/,
  },
  { name: 'gardenlinux', label: 'Garden Linux', names: /^garden-?linux\b/, release: major },
]

/** Names of images whose distribution has no dates, so that their `os_distro` says nothing either. */
export const undated =
  /^(?:alma(?:-?linux)?-kitten|arch|cirros|fedora-coreos|flatcar|gentoo|kali|octavia|amphora|opensuse-(?:tumbleweed|microos)|openeuler|talos|windows)\b/

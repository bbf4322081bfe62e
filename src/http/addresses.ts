import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * Where an address leads: `inside` is this machine, or a network that is not the internet; a `metadata` service gives
 * whoever asks from a machine of a cloud that machine's credentials.
 */
export type Reach = 'public' | 'inside' | 'metadata'

/** OpenStack, AWS (instances, containers, pods), Google, Azure, Alibaba, Oracle. Not all of them are link-local. */
const metadata = blocksOf([
  ...[
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
  ],
  ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fe80::a9fe:a9fe'],
])

/** https://www.iana.org/assignments/iana-ipv4-special-registry and its sister: all that no public server has. */
const inside = blocksOf([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b:1::/48', '100::/64', '2001::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10'],
  'ff00::/8',
])

/** @param address of IPv4 or IPv6, also one of IPv4 within IPv6, as sockets tell it */
export function reachOf(address: string): Reach {
  const bare = address.replace(/%.*/, '')
  const own = reachIn(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
  const reaches = [own, ...addressesWithin(bare).map((one) => reachIn(one, 'ipv4'))]
  return reaches.find((reach) => reach === 'metadata') ?? reaches.find((reach) => reach === 'inside') ?? own
}

function reachIn(address: string, family: 'ipv4' | 'ipv6'): Reach {
  if (metadata.check(address, family)) return 'metadata'
  return inside.check(address, family) ? 'inside' : 'public'
}

/** The first six groups, in decimal, of prefixes with an address of IPv4 behind them: ::, ::ffff:0:0:0, 64:ff9b:: */
const translated = ['0:0:0:0:0:0', '0:0:0:0:65535:0', '100:65435:0:0:0:0']

/**
 * The addresses of IPv4 that translating routers and tunnels may read in one of IPv6: compatible (RFC 4291), translated
 * (RFC 6052 with /96 and /48, RFC 7915), 6to4 (RFC 3056), ISATAP (RFC 5214).
 */
function addressesWithin(address: string): readonly string[] {
  if (!isIPv6(address)) return []
  const [a, b, c, d, e, f, g, h] = groupsOf(address)
  const isLocal = a === 0x64 && b === 0xff9b && c === 1
  const isLast =
    translated.includes([a, b, c, d, e, f].join(':')) || isLocal || ((e === 0 || e === 0x200) && f === 0x5efe)
  return [
    ...(isLast ? [dotted(g, h)] : []),
    ...(isLocal ? [dotted(d, ((e & 0xff) << 8) | (f >> 8))] : []),
    ...(a === 0x2002 ? [dotted(b, c)] : []),
  ]
}

type Groups = readonly [number, number, number, number, number, number, number, number]

/** The eight numbers of an address, however it is written. */
function groupsOf(address: string): Groups {
  const { hostname } = new URL(`http://[${address}]`)
  const [front = '', back] = hostname.slice(1, -1).split('::')
  const numbers = (text = '') =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [numbers(front), numbers(back)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return [...before, ...zeros, ...after] as unknown as Groups
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** Names of metadata services: behind a proxy nothing else tells where they lead. */
const metadataName = /^(?:metadata\.goog|metadata\.google\.internal|instance-data(?:\.ec2\.internal)?)$/

/** Where a URL leads as far as its text tells: its host is an address, or a name of this machine or a metadata service. */
export function reachOfHost({ hostname }: URL): Reach {
  const host = hostname.replace(/^\[|\]$|\.+$/g, '')
  if (isIP(host) !== 0) return reachOf(host)
  if (metadataName.test(host)) return 'metadata'
  return /(^|\.)localhost$/.test(host) ? 'inside' : 'public'
}

function blocksOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [net = '', bits] = range.split('/')
    const family = isIPv6(net) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, family)
    else list.addSubnet(net, Number(bits), family)
  }
  return list
}

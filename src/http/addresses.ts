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
  const bare = withoutTranslation(address.replace(/%.*/, ''))
  const family = isIPv6(bare) ? 'ipv6' : 'ipv4'
  if (metadata.check(bare, family)) return 'metadata'
  return inside.check(bare, family) ? 'inside' : 'public'
}

/** Where a URL leads as far as its text tells: its host is an address, or a name of this machine. */
export function reachOfHost({ hostname }: URL): Reach {
  const host = hostname.replace(/^\[|\]$|\.$/g, '')
  if (isIP(host) !== 0) return reachOf(host)
  return /(^|\.)localhost$/.test(host) ? 'inside' : 'public'
}

/** The address of IPv4 behind a translating router (RFC 6052), or the address itself. */
function withoutTranslation(address: string): string {
  if (!isIPv6(address)) return address
  const { hostname } = new URL(`http://[${address}]`)
  const [, high = '0', low] = /^\[64:ff9b::(?:([\da-f]{1,4}):)?([\da-f]{1,4})\]$/.exec(hostname) ?? []
  if (low === undefined) return address
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
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

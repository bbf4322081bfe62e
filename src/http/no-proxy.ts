import { BlockList, isIP } from 'node:net'

/**
 * Whether NO_PROXY excepts a server. It is read as curl does: a name means itself and all below it, with or without a
 * dot in front; an address means itself, `10.0.0.0/8` a network; `*` means every server. `[::1]`, `host:port` and
 * `*suffix`, which other programs know, are read as well.
 */
export function isExcepted({ protocol, hostname, port }: URL, noProxy: string): boolean {
  const server = {
    host: hostname.replace(/^\[|\]$|\.$/g, ''),
    port: port || (protocol === 'https:' ? '443' : '80'),
  }
  const entries = noProxy.toLowerCase().split(/[\s,]+/)
  return entries.some((entry) => excepts(entry, server))
}

function excepts(entry: string, { host, port }: { readonly host: string; readonly port: string }): boolean {
  // Without brackets several colons are an IPv6 address.
  const [, bracketed, bits = '', plain = entry, onPort = port] =
    /^(?:\[([^\]]*)\](\/\d+)?|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  if (onPort !== port) return false
  const name = bracketed === undefined ? plain : bracketed + bits
  const [address = '', prefix] = name.split('/')
  if (isIP(address) !== 0) return isIP(host) !== 0 && isWithin(host, address, prefix)
  if (isIP(host) !== 0) return name === '*'
  if (name.startsWith('*')) return host.endsWith(name.slice(1).replace(/\.$/, ''))
  const domain = name.replace(/^\.|\.$/g, '')
  return domain !== '' && `.${host}`.endsWith(`.${domain}`)
}

/** @param prefix bits of the network; absent: the address alone */
function isWithin(host: string, address: string, prefix: string | undefined): boolean {
  const list = new BlockList()
  const family = familyOf(address)
  const length = family === 'ipv4' ? 32 : 128
  const bits = /^\d{1,3}$/.test(prefix ?? `${length}`) ? Number(prefix ?? length) : Number.NaN
  // A zone (`fe80::1%eth0`) is in no URL.
  if (!(bits <= length) || address.includes('%')) return false
  list.addSubnet(address, bits, family)
  return list.check(host, familyOf(host))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

import { imageOf } from '../../support/world/published.ts'
import type { Group, Holds, Row } from '../row.ts'
import { failed, survived } from './outcomes.ts'

/** Ubuntu's listing of dated folders also has this; the newest true one is to be found all the same. */
const inListing = (fault: string, entry: string | Uint8Array, holds: Holds = survived): Row => ({
  fault: `a listing with ${fault}`,
  image: 'ubuntu-24.04',
  inject: ({ origin }) => {
    const listing = '/cloud-images.ubuntu.com/noble/'
    const links = ['20260108', '20260615', '20260705', 'current'].map(
      (name) => `<a href="${name}/">${name}/</a>`,
    )
    const page = ['<html><body><pre>', ...links, '</pre></body></html>']
    origin.put(listing, Buffer.concat([Buffer.from(page.join('\n')), Buffer.from(entry)]))
    // Where a name that leads out of the folder would lead to.
    for (const folder of ['/20270101/', '/cloud-images.ubuntu.com/20270101/']) {
      const image = imageOf('evil', 5000)
      origin.put(`${folder}noble-server-cloudimg-amd64.img`, image)
      origin.put(`${folder}SHA256SUMS`, `${'0'.repeat(64)} *noble-server-cloudimg-amd64.img\n`)
    }
  },
  holds,
})

const links = (count: number) => Array.from({ length: count }, (_, index) => `<a href="${index}">`).join('')
const link = (href: string) => `<a href="${href}">20270101/</a>\n`

/** AlmaLinux's manifest also has these lines, in front. */
const inManifest = (fault: string, lines: string | Uint8Array, holds: Holds): Row => ({
  fault: `a manifest with ${fault}`,
  image: 'almalinux-9',
  inject: async ({ origin, paths }) => {
    const manifest = await (await fetch(`${origin.url}${paths.manifest}`)).arrayBuffer()
    origin.put(paths.manifest, Buffer.concat([Buffer.from(lines), Buffer.from('\n'), Buffer.from(manifest)]))
  },
  holds,
})

const digest = '0'.repeat(64)
const nothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const dated = 'AlmaLinux-9-GenericCloud-9.9-20270101.x86_64.qcow2'

const patterns = (fault: string, pattern: string, holds: Holds): Row => ({
  fault: `a pattern ${fault}`,
  image: 'centos-stream-9',
  inject: async (scene) => {
    await scene.rewrite((text) =>
      text.replace(/(?<=Stream-GenericCloud-9-)HEREBE.*?DRAGONS/, () => `HEREBE${pattern}DRAGONS`),
    )
    const page = await (
      await fetch(`${scene.origin.url}/cloud.centos.org/centos/9-stream/x86_64/images/`)
    ).text()
    const long = `CentOS-Stream-GenericCloud-9-${'1'.repeat(180)}!.x86_64.qcow2`
    const links = Array.from({ length: 2000 }, () => `<a href="${long}">x</a>`).join('\n')
    scene.origin.put(
      '/cloud.centos.org/centos/9-stream/x86_64/images/',
      page.replace('</pre>', `${links}</pre>`),
    )
  },
  holds,
})

export const hostile: Group = {
  name: 'Hostile input',
  rows: [
    inListing('a name that climbs out by ../', link('../../20270101/')),
    inListing(
      'a percent-encoded name that climbs out',
      link('%2e%2e%2f20270101/') + link('..%252f20270101/'),
    ),
    inListing('an absolute path', link('/20270101/')),
    inListing(
      'the URL of another server',
      link('http://127.0.0.1:1/20270101/') + link('//127.0.0.1:1/20270101/'),
    ),
    inListing('a base element of another server', `<base href="http://127.0.0.1:1/">${link('20260705/')}`),
    inListing('a script as a URL', link('javascript:20270101/')),
    inListing(
      'NUL and control characters in names',
      link('2027\u00000101/') + link('20270101\u001b[2J/') + link('20270101%0d%0a/'),
    ),
    inListing('bidirectional overrides in names', link('20270101\u202e/')),
    inListing('a name of 1 MiB', link(`20270101${'a'.repeat(2 ** 20)}/`)),
    inListing(
      'invalid UTF-8',
      Buffer.concat([
        Buffer.from('<a href="2027'),
        Buffer.from([0xff, 0xfe, 0xc0]),
        Buffer.from('0101/">x</a>'),
      ]),
    ),
    inListing('elements nested 900 deep', '<div>'.repeat(900)),
    inListing('an unfinished element', '<a href="20270101/'),
    inListing('a newest folder without a file', '<a href="20260801/">20260801/</a>\n', {
      ...survived,
      says: /noble\/20260801\/ has no build of Ubuntu 24\.04 yet, so that of \S+\/20260705\/ is taken/,
    }),
    inListing('elements within each other without end', '<div>'.repeat(100_000), failed('DISCOVERY_LISTING')),
    inListing('more names than are read', links(100_001), failed('DISCOVERY_LISTING')),

    inManifest('a name that climbs out by ../', `${digest}  ../../${dated}`, survived),
    inManifest('an absolute path', `${digest}  /etc/${dated}`, survived),
    inManifest('a URL', `${digest}  http://127.0.0.1:1/${dated}`, survived),
    inManifest(
      'a terminal escape in a name',
      `${digest}  AlmaLinux-9-\u001b]0;owned\u0007${dated}`,
      survived,
    ),
    inManifest('NUL in a name', `${digest}  ${dated}\u0000`, survived),
    inManifest('a line of 1 MiB', `${digest}  ${'a'.repeat(2 ** 20)}`, survived),
    inManifest('a comment of 7 MiB', `# ${'a '.repeat(3_500_000)}`, survived),
    inManifest('invalid UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]), survived),
    inManifest(
      'the same name with another digest',
      `${digest}  AlmaLinux-9-GenericCloud-latest.x86_64.qcow2`,
      failed('CHECKSUM_AMBIGUOUS'),
    ),
    inManifest('a newer name than the one that the catalogue asks for', `${digest}  ${dated}`, {
      ...survived,
      says: new RegExp(`lists ${dated}, which looks newer than AlmaLinux-9-GenericCloud-`),
    }),
    {
      fault: 'a manifest with digests of nothing alone',
      image: 'almalinux-9',
      inject: async ({ origin, paths }) => {
        const manifest = await (await fetch(`${origin.url}${paths.manifest}`)).text()
        origin.put(paths.manifest, manifest.replaceAll(/[0-9a-f]{64}/g, nothing))
      },
      holds: { ...failed('CHECKSUM_NOT_PUBLISHED'), says: /is that of an empty file/ },
    },
    inManifest('the same name with MD5 alone', `${'0'.repeat(32)}  ${dated}`, survived),

    {
      fault: 'a manifest of an algorithm that no catalogue can hold',
      image: 'almalinux-9',
      inject: ({ origin, paths }) =>
        origin.put(
          paths.manifest,
          `BLAKE2b (AlmaLinux-9-GenericCloud-latest.x86_64.qcow2) = ${digest}${digest}\n`,
        ),
      holds: failed('CHECKSUM_MALFORMED'),
    },

    patterns('that would take for ever elsewhere', '(?:(?:\\d+)+)+\\.\\d', survived),
    patterns('that is wrong', '(\\d+', failed('PATTERN_INVALID')),
    patterns(
      'with a look-behind, which cannot be had in linear time',
      '(?<=x)\\d+',
      failed('PATTERN_INVALID'),
    ),
    patterns(
      'that would be gigabytes when it is compiled',
      '((((\\d{1000}){1000}){1000}){1000})',
      failed('PATTERN_INVALID'),
    ),

    {
      fault: 'an image whose name forges log lines',
      inject: (scene) =>
        scene.rewrite((text) =>
          text.replace(
            'name: Rocky 9',
            'name: "Rocky\\n2026-01-01 00:00:00 | ERROR    | update - forged\\e[31m"',
          ),
        ),
      holds: { ...survived, more: () => undefined, says: /\\\\?u\{a\}|\\n/ },
    },
    {
      fault: 'a secret in a query, under a name of its own',
      image: 'almalinux-9',
      inject: (scene) =>
        scene.rewrite((text) =>
          text.replace(/(latest_(?:checksum_)?url:\s+\S+)/g, '$1?page=2&k=fjord-opens-it'),
        ),
      holds: { ...survived, says: /^(?=[\s\S]*page=2&k=\*\*\*)(?![\s\S]*fjord)/ },
    },
    {
      fault: 'a secret that is a query of itself',
      image: 'almalinux-9',
      inject: (scene) =>
        scene.rewrite((text) => text.replace(/(latest_(?:checksum_)?url:\s+\S+)/g, '$1?fjord-opens-it')),
      holds: { ...survived, says: /^(?=[\s\S]*\?\*\*\*)(?![\s\S]*fjord)/ },
    },
    {
      fault: 'a redirect that carries terminal escapes',
      inject: ({ origin, paths }) =>
        origin.fault(paths.manifest, { redirect: '/%1b[2J%0d%0aforged/\u00e9', times: 1000 }),
      holds: failed('HTTP_STATUS'),
    },
    {
      fault: 'a Last-Modified of the year 9999',
      inject: ({ origin, paths, image }) =>
        origin.put(paths.image, { body: image.newest.stored, lastModified: new Date('9999-01-01') }),
      holds: failed('DISCOVERY_NO_DATE'),
    },
    {
      fault: 'a build older than the catalogue’s',
      inject: ({ origin, paths, image }) =>
        origin.put(paths.image, { body: image.newest.stored, lastModified: new Date('2024-01-01') }),
      holds: failed('DOWNGRADE'),
    },
  ],
}

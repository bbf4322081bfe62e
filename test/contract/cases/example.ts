import { imageOf } from '../../discovery/image.ts'
import { digest, gnu, type ResolverCase, replaced } from '../resolver-case.ts'

const builds = 'https://builds.example/os/'
const name = 'os-1.10.0.qcow2'

/** The resolver of docs/library.md. */
export const exampleCases: readonly ResolverCase[] = [
  {
    resolver: 'build-server',
    image: imageOf({ name: 'OS', latestUrl: `${builds}latest.json`, latestChecksumUrl: undefined }),
    exchanges: [
      [`GET ${builds}latest.json`, '{ "version": "1.10.0" }'],
      [`GET ${builds}1.10.0/SHA256SUMS`, `${gnu('a', name)}${gnu('bad', 'os-1.9.0.qcow2')}`],
    ],
    found: {
      url: `${builds}1.10.0/${name}`,
      version: '1.10.0',
      digest: { algorithm: 'sha256', hex: digest('a') },
    },
    newerUrl: `${builds}1.11.0/os-1.11.0.qcow2`,
    listed: name,
    rename: replaced(name),
  },
]

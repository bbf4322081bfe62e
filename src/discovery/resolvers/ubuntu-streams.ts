import type { Resolver } from '../resolver.ts'
import { onOne } from './recommended.ts'

const root = 'https://cloud-images.ubuntu.com/'

/**
 * Ubuntu's images by simplestreams: `https://cloud-images.ubuntu.com/releases/streams/v1/` and the like,
 * where `.sjson` is the clearsigned form of `.json`. One document has all releases; what the paths in it
 * are relative to is the folder above `streams/`.
 */
export const ubuntuStreams: Resolver = {
  name: 'ubuntu-streams',
  title: 'Ubuntu (simplestreams)',
  asks: ['`streams/v1/com.ubuntu.cloud:…:download.sjson`'],
  trusts: 'its clearsigned text, Ubuntu Cloud Image Builder key',
  recommended: onOne({
    image: 'Ubuntu 24.04 (simplestreams)',
    latestUrl: `${root}releases/server/releases/noble/release-HEREBE\\d{8}(\\.\\d+)?DRAGONS/ubuntu-24.04-server-cloudimg-amd64.img`,
    checksums: `${root}releases/streams/v1/com.ubuntu.cloud:released:download.sjson`,
  }),
  serves: { latestUrl: /\/(?:ubuntu-[\d.]+|[a-z]+)-(?:server|minimal)-cloudimg-/ },
  strategies: ['document'],
  version: 'date',
  /**
   * Ubuntu Cloud Image Builder key, which signs the clearsigned `.sjson` of simplestreams; it is among the
   * example keys of https://launchpad.net/simplestreams.
   */
  signature: {
    form: 'clearsigned',
    fingerprints: ['4A3C E3CD 565D 7EB5 C810 E2B9 7FF3 F408 476C F100'],
    keyHint: 'Put the key into the keyring folder; it is in the package ubuntu-cloudimage-keyring',
  },
}

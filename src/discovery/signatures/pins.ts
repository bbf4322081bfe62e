/** What is known of the way in which a distribution signs its manifests. */
export interface DistributionPin {
  /** `clearsigned`: the manifest carries its signature. Else suffixes of the manifest's URL, in the order in which they are asked. */
  readonly signature: 'clearsigned' | readonly string[]
  /** Does every manifest have a signature, so that a missing one is a sign of tampering? */
  readonly knownToSign: boolean
  /**
   * The distribution's own hosts, where `knownToSign` holds and the key's own URL is asked. A mirror
   * elsewhere may lack signatures, and may be all that can be reached.
   */
  readonly hosts: readonly string[] | 'any'
  /** Full fingerprints of primary keys, of every release or by release. */
  readonly fingerprints: readonly string[] | Readonly<Record<string, readonly string[]>>
  /** Finds `root` and `release` in the path of a manifest's URL. */
  readonly layout?: RegExp | undefined
  /** Path of the key below `root`, without the release. */
  readonly keyFile?: string | undefined
  /** Where the key is, if it is not beside the manifests. */
  readonly keyUrl?: string | undefined
  /** How an operator gets the key. */
  readonly keyHint: string
}

/**
 * The pinned keys, by the name of the resolver. A distribution that is not listed has no signature that
 * we know of: Debian's cloud images have none (`trixie/latest/SHA512SUMS.sign` answers 404), and none
 * was found for CentOS (https://cloud.centos.org/centos/).
 */
export const pins: Readonly<Record<string, DistributionPin>> = {
  /**
   * UEC Image Automatic Signing Key, detached `SHA256SUMS.gpg` in every folder of
   * https://cloud-images.ubuntu.com/; the fingerprint is published at
   * https://ubuntu.com/docs/public-images/public-images-how-to/. The key is on key servers and in
   * Ubuntu's own packages, at no URL of the distribution that we know of.
   */
  ubuntu: {
    signature: ['.gpg'],
    knownToSign: true,
    hosts: ['cloud-images.ubuntu.com'],
    fingerprints: ['D2EB 4462 6FDD C30B 513D 5BB7 1A5D 6C4C 7DB8 7C81'],
    keyHint:
      'Put the key into the keyring folder; Ubuntu has it in /usr/share/keyrings/ubuntu-cloudimage-keyring.gpg (package ubuntu-keyring)',
  },
  /**
   * Detached `CHECKSUM.asc` (https://wiki.almalinux.org/cloud/Generic-cloud.html); fingerprints as in
   * https://almalinux.org/security/. AlmaLinux 8 changed its key in January 2024: the first one listed
   * signed until then (it has expired), the second one signs since
   * (https://almalinux.org/blog/2023-12-20-almalinux-8-key-update/).
   */
  almalinux: {
    signature: ['.asc'],
    knownToSign: true,
    hosts: ['repo.almalinux.org'],
    fingerprints: {
      8: [
        '5E9B 8F56 17B5 066C E920 57C3 488F CF7C 3ABB 34F8',
        'BC5E DDCA DF50 2C07 7F15 8288 2AE8 1E8A CED7 258B',
      ],
      9: ['BF18 AC28 7617 8908 D6E7 1267 D36C B86C B86B 3716'],
      10: ['EE6D B7B9 8F5B F5ED D9DA 0DE5 DEE5 C11C C2A1 E572'],
    },
    layout: /^(?<root>.*?)\/(?<release>\d[^/]*)\/cloud\//,
    keyFile: 'RPM-GPG-KEY-AlmaLinux-',
    keyHint:
      'Put the key, https://repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-N, into the keyring folder',
  },
  /**
   * `CHECKSUM.asc`, formerly `CHECKSUM.sig`, beside some manifests of
   * https://dl.rockylinux.org/pub/rocky/; not proven for every folder of images, so a missing one is
   * no sign of anything. Keys: https://rockylinux.org/resources/gpg-key-info.
   */
  rocky: {
    signature: ['.asc', '.sig'],
    knownToSign: false,
    hosts: [],
    fingerprints: {
      8: ['7051 C470 A929 F454 CEBE 37B7 15AF 5DAC 6D74 5A60'],
      9: ['21CB 256A E16F C54C 6E65 2949 702D 426D 350D 275D'],
      10: ['FC22 6859 C086 0BF0 DDB9 5B08 5B10 6C73 6FED FC85'],
    },
    layout: /^(?<root>.*?)\/(?<release>\d[^/]*)\/images\//,
    keyFile: 'RPM-GPG-KEY-Rocky-',
    keyHint: 'Put the key, https://dl.rockylinux.org/pub/rocky/RPM-GPG-KEY-Rocky-N, into the keyring folder',
  },
  /**
   * Ubuntu Cloud Image Builder key, which signs the clearsigned `.sjson` of simplestreams; it is among the
   * example keys of https://launchpad.net/simplestreams.
   */
  'ubuntu-streams': {
    signature: 'clearsigned',
    knownToSign: false,
    hosts: [],
    fingerprints: ['4A3C E3CD 565D 7EB5 C810 E2B9 7FF3 F408 476C F100'],
    keyHint: 'Put the key into the keyring folder; it is in the package ubuntu-cloudimage-keyring',
  },
  /**
   * Every `…-CHECKSUM` of https://dl.fedoraproject.org/pub/fedora/linux/releases/ is clearsigned by the key
   * of its release; https://fedoraproject.org/fedora.gpg has all of them
   * (https://fedoraproject.org/security/).
   */
  fedora: {
    signature: 'clearsigned',
    knownToSign: true,
    hosts: ['dl.fedoraproject.org', 'download.fedoraproject.org'],
    fingerprints: {
      41: ['466C F2D8 B60B C305 7AA9 453E D062 2462 E99D 6AD1'],
      42: ['B0F4 9504 58F6 9E11 50C6 C5ED C8AC 4916 105E F944'],
      43: ['C6E7 F081 CF80 E131 4667 6E88 829B 6066 3164 5531'],
      44: ['36F6 12DC F27F 7D1A 48A8 35E4 DBFC F71C 6D9F 90A6'],
      45: ['4F50 A611 4CD5 C697 6A7F 1179 655A 4B02 F577 861E'],
    },
    layout: /^(?<root>.*?)\/releases\/(?<release>\d+)\/Cloud\//,
    keyUrl: 'https://fedoraproject.org/fedora.gpg',
    keyHint: 'Put the keys, https://fedoraproject.org/fedora.gpg, into the keyring folder',
  },
  /**
   * `.asc` beside the checksum files of https://download.opensuse.org/, version 3 signature packets; not
   * proven for every folder.
   */
  opensuse: {
    signature: ['.asc'],
    knownToSign: false,
    hosts: [],
    fingerprints: ['AD48 5664 E901 B867 051A B15F 35A2 F86E 29B7 00A4'],
    keyHint: "Put the key into the keyring folder; it is in openSUSE's package openSUSE-build-key",
  },
  /**
   * Flatcar Image Signing Key, which signs by subkeys that change every year
   * (https://www.flatcar.org/security/image-signing-key/); that `.DIGESTS.sig` is there is not proven.
   */
  flatcar: {
    signature: ['.sig'],
    knownToSign: false,
    hosts: ['stable', 'beta', 'alpha', 'lts'].map((channel) => `${channel}.release.flatcar-linux.net`),
    fingerprints: ['F88C FEDE FF29 A5B4 D952 3864 E25D 9AED 0593 B34A'],
    keyUrl: 'https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc',
    keyHint:
      'Put the key, https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc, into the keyring folder',
  },
  /** The pointers and checksum files of Gentoo's autobuilds are clearsigned; the fingerprint is not proven. */
  gentoo: {
    signature: 'clearsigned',
    knownToSign: false,
    hosts: [],
    fingerprints: ['13EB BDBE DE7A 1277 5DFD B1BA BB57 2E0E 2D18 2910'],
    keyHint:
      'Put the key into the keyring folder; https://www.gentoo.org/downloads/signatures/ tells where it is',
  },
  /** The clearsigned `.sjson` of https://download.cirros-cloud.net/streams/v1/, by a key of 2013. */
  cirros: {
    signature: 'clearsigned',
    knownToSign: false,
    hosts: [],
    fingerprints: ['2694 C8BE 4DE4 6591 FF6D 52A2 9593 8484 8F4C E6D0'],
    keyHint: 'Put the key of the cirros simplestreams into the keyring folder',
  },
}

/** What to expect of the signature of one manifest. */
export interface SignaturePin {
  readonly signature: 'clearsigned' | readonly string[]
  /** Here, at the distribution's own host, a manifest without its signature has been tampered with. */
  readonly mustBeSigned: boolean
  readonly knownToSign: boolean
  /** Full fingerprints; none: no key of this release is pinned. */
  readonly fingerprints: readonly string[]
  /** Where the key lies, beside the manifest's release: on a mirror, the mirror's copy. */
  readonly keyUrl: string | undefined
  readonly keyHint: string
}

export interface Manifest {
  /** Name of the resolver. */
  readonly distribution: string
  /** As it is asked, before redirects. */
  readonly url: string
  /** E.g. `9`; counts where the URL does not tell. */
  readonly release?: string | undefined
}

/** What to expect of a manifest's signature; `undefined` where the distribution has none that we know of. */
export function pinFor(
  { distribution, url: manifestUrl, release }: Manifest,
  known: Readonly<Record<string, DistributionPin>> = pins,
): SignaturePin | undefined {
  const pin = Object.hasOwn(known, distribution) ? known[distribution] : undefined
  if (pin === undefined || !URL.canParse(manifestUrl)) return undefined
  const url = new URL(manifestUrl)
  const place = pin.layout?.exec(url.pathname)?.groups
  const fingerprints = fingerprintsOf(pin, place?.release ?? release)
  const isOwnHost = pin.hosts === 'any' || pin.hosts.includes(url.hostname)
  const ownKeyUrl = isOwnHost ? pin.keyUrl : undefined
  return {
    signature: pin.signature,
    mustBeSigned: pin.knownToSign && fingerprints.length > 0 && isOwnHost,
    knownToSign: pin.knownToSign,
    fingerprints,
    keyUrl: fingerprints.length === 0 ? undefined : (keyUrl(pin, url, place) ?? ownKeyUrl),
    keyHint: pin.keyHint,
  }
}

function keyUrl(
  { keyFile }: DistributionPin,
  manifest: URL,
  place: Record<string, string> | undefined,
): string | undefined {
  if (keyFile === undefined || place?.root === undefined || place.release === undefined) return undefined
  const url = new URL(manifest)
  url.pathname = `${place.root}/${keyFile}${majorRelease(place.release)}`
  return url.href
}

/** Of the release, or of all where the release is unknown. */
function fingerprintsOf({ fingerprints }: DistributionPin, release: string | undefined): readonly string[] {
  if (Array.isArray(fingerprints)) return fingerprints
  if (release === undefined) return Object.values(fingerprints).flat()
  const byRelease = new Map<string, readonly string[]>(Object.entries(fingerprints))
  return byRelease.get(majorRelease(release)) ?? []
}

/** `9.8` → `9`; anything but a number stays as it is (`10-kitten` is not release 10). */
function majorRelease(release: string): string {
  return /^\d+(?:\.\d+)*$/.test(release) ? (release.split('.')[0] ?? release) : release
}

import { type Definition, hexDigest } from './published.ts'

const formerMirror = 'https://mirror.example.org/openstack-images'

/** The definitions as catalogue files by name, laid out as ruamel.yaml leaves OSISM's. */
export function renderCatalogue(
  definitions: readonly Definition[],
  originUrl: string,
): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const definition of definitions) {
    files[definition.file] =
      `${files[definition.file] ?? '---\nimages:\n'}${renderImage(definition, originUrl)}`
  }
  return files
}

/** A long value stands on the next line, behind a trailing space. */
function folded(indent: number, key: string, value: string): string {
  return `${' '.repeat(indent)}${key}: \n${' '.repeat(indent + 2)}${value}\n`
}

function renderImage(definition: Definition, originUrl: string): string {
  const { name, shortname, osDistro, enable = true, latestUrl, checksumUrl } = definition
  return `  - name: ${name}
    enable: ${enable}
    shortname: ${shortname}
    format: qcow2
    login: cloud
    min_disk: 10
    min_ram: 512
    status: active
    visibility: public
    multi: true
    meta:
      architecture: x86_64
      hw_disk_bus: scsi
      hw_rng_model: virtio
      hw_scsi_model: virtio-scsi
      hw_watchdog_action: reset
      hypervisor_type: qemu
      os_distro: ${osDistro}
      os_purpose: generic
      replace_frequency: never
      uuid_validity: last-3
      provided_until: none
    tags: []
${folded(4, 'latest_checksum_url', `${originUrl}/${checksumUrl}`)}${folded(4, 'latest_url', `${originUrl}/${latestUrl}`)}${renderVersions(definition, originUrl)}`
}

function renderVersions({ shortname, before }: Definition, originUrl: string): string {
  if (before === undefined) return '    versions: []\n'
  const { version, url } = before
  return [
    '    versions:\n',
    `      - version: '${version}'\n`,
    folded(8, 'url', `${originUrl}/${url}`),
    folded(8, 'mirror_url', `${formerMirror}/${shortname}/${version}-${shortname}.qcow2`),
    folded(8, 'checksum', `sha256:${hexDigest('sha256', `${shortname} ${version}`)}`),
    `        build_date: ${version.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3')}\n`,
  ].join('')
}

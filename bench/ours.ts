import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cost, measure } from './measure.ts'

export const command = fileURLToPath(new URL('../bin/image-updater', import.meta.url))

/** Without the user's credentials and caches. */
export function environment(folder: string): Record<string, string> {
  return {
    XDG_CACHE_HOME: join(folder, 'cache'),
    MINIO_ACCESS_KEY: 'bench-access-key',
    MINIO_SECRET_KEY: 'bench-secret-key',
  }
}

/** The command as a user runs it. */
export function imageUpdater(args: readonly string[], folder: string, status = 0): Promise<Cost> {
  return measure(command, args, { status, env: environment(folder) })
}

/** What a catalogue entry says; anything else is the same for all. */
export interface Entry {
  readonly name: string
  readonly distro: string
  readonly format?: string
  readonly latestUrl: string
  readonly checksumUrl: string
  readonly version: string
  readonly url: string
  readonly checksum: string
  readonly mirrorUrl?: string
}

/** An image definition as OSISM's catalogue has them. */
export function renderEntry(entry: Entry): string {
  const { name, distro, format = 'qcow2', latestUrl, checksumUrl, version, url, checksum, mirrorUrl } = entry
  return `  - name: ${name}
    enable: true
    shortname: ${name}
    format: ${format}
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
      os_distro: ${distro}
      os_version: '9'
      os_purpose: generic
      replace_frequency: quarterly
      uuid_validity: last-3
      provided_until: none
    tags: []
    latest_checksum_url:${' '}
      ${checksumUrl}
    latest_url:${' '}
      ${latestUrl}
    versions:
      - version: '${version}'
        url:${' '}
          ${url}
        checksum:${' '}
          ${checksum}
        build_date: ${version.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3')}
${mirrorUrl === undefined ? '' : `        mirror_url: ${mirrorUrl}\n`}`
}

/** Writes a catalogue of one file and returns the file's path. */
export async function writeCatalogue(folder: string, entries: readonly Entry[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'images.yml')
  await writeFile(path, `---\nimages:\n${entries.map(renderEntry).join('')}`)
  return path
}

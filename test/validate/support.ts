import { inspectFile } from '../../src/validate/inspect.ts'

export const today = '2026-08-01'

/** A definition file without a fault; lines are counted from it in the tables. */
export const faultless = `---
images:
  - name: Alpha 1
    enable: true
    shortname: alpha-1
    format: qcow2
    login: alpha
    min_disk: 10
    min_ram: 512
    status: active
    visibility: public
    multi: true
    meta:
      architecture: x86_64
      hw_disk_bus: scsi
      hypervisor_type: qemu
      os_distro: debian
      os_version: '1'
      os_purpose: generic
      replace_frequency: quarterly
      uuid_validity: last-3
      provided_until: 2029-05-31
    tags: []
    latest_checksum_url: https://alpha.example/images/SHA256SUMS
    latest_url: https://alpha.example/images/alpha-1-x86_64.qcow2
    versions:
      - version: '20260705'
        url: https://alpha.example/images/20260705/alpha-1-x86_64.qcow2
        mirror_url: https://mirror.example/images/alpha-1/20260705-alpha-1.qcow2
        checksum: sha256:${'ab'.repeat(32)}
        build_date: 2026-07-05
`

/** `faultless` with each text of `changes` replaced where it first stands. */
export function changed(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The definition does not hold "${from}"`)
    return text.replace(from, () => to)
  }, faultless)
}

/** What is found in one file, as `rule line:column`. */
export function found(text: string): string[] {
  return inspectFile('alpha.yml', text, today).findings.map(
    ({ rule, line, column }) => `${rule} ${line}:${column}`,
  )
}

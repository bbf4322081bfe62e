import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Profile, profiles } from '../../src/rules.ts'
import { inspectFile } from '../../src/validate/inspect.ts'
import { validateCatalogue } from '../../src/validate/validate.ts'
import { cli, temporaryFolder } from '../cli/support.ts'
import { changed, faultless, today } from './support.ts'

type Change = readonly [from: string, to: string]
const version: Change = ["      os_version: '1'\n", '']
const single: Change = ['multi: true', 'multi: false']

function found(profile: Profile, ...changes: readonly Change[]): string[] {
  const { findings } = inspectFile('alpha.yml', changed(...changes), today, profile)
  return findings.map(({ rule, line, column }) => `${rule} ${line}:${column}`)
}

describe('the rules of SCS', () => {
  it.each(profiles)('%s finds nothing in a faultless definition', (profile) => {
    expect(found(profile)).toEqual([])
  })

  it.each<[what: string, expected: string[], ...changes: Change[]]>([
    ['a release that is not named', ['scs-0102-prop-os_version 3:5'], version],
    ['a release that the version names', [], version, single],
    [
      'a release that a version names for itself',
      [],
      version,
      ['    versions:\n      - version', "    versions:\n      - os_version: '1'\n        version"],
    ],
    [
      'a release in the meta of a version',
      [],
      version,
      [
        '    versions:\n      - version',
        "    versions:\n      - meta:\n          os_version: '1'\n        version",
      ],
    ],
    ['nobody to log in as', ['scs-0102-prop-image_original_user 3:5'], ['login: alpha', "login: ''"]],
    ['no memory', ['scs-0102-prop-min_ram 9:14'], ['min_ram: 512', 'min_ram: 0']],
    ['little memory', ['scs-0102-low-min_ram 9:14'], ['min_ram: 512', 'min_ram: 63']],
    ['no disk', ['scs-0102-prop-min_disk 8:15'], ['min_disk: 10', 'min_disk: 0']],
    [
      'a distribution nobody knows',
      ['scs-0102-prop-os_distro 17:18'],
      ['os_distro: debian', 'os_distro: debain'],
    ],
    ['AlmaLinux by its name', [], ['os_distro: debian', 'os_distro: almalinux']],
    ['a purpose', ['scs-0102-prop-os_purpose 19:19'], ['os_purpose: generic', 'os_purpose: server']],
    ['an older image', [], ['os_purpose: generic', 'os_purpose: oldgeneric']],
    ['a disk bus', ['scs-0102-prop-hw_disk_bus 15:20'], ['hw_disk_bus: scsi', 'hw_disk_bus: ide']],
    ['no disk bus', [], ['      hw_disk_bus: scsi\n', '']],
    [
      'a hypervisor',
      ['scs-0102-prop-hypervisor_type 16:24'],
      ['hypervisor_type: qemu', 'hypervisor_type: vmware'],
    ],
    ['how long it is provided', [], ['provided_until: 2029-05-31', 'provided_until: notice']],
    ['a promise without an end', ['scs-0102-prop-provided_until 22:23'], ['2029-05-31', 'soon']],
    [
      'versions without a number',
      ['unclear-validity 21:22', 'scs-0102-prop-uuid_validity 21:22'],
      ['last-3', 'last-three'],
    ],
    [
      'a build of tomorrow',
      ['future-date 31:21', 'scs-0102-prop-image_build_date 31:21'],
      ["'20260705'", "'1'"],
      ['build_date: 2026-07-05', 'build_date: 2026-08-02'],
      ['/20260705-', '/1-'],
    ],
    [
      'an image from a file',
      ['scs-0102-prop-image_source 28:14'],
      ['url: https://alpha.example/images/20260705', 'url: file:///images/20260705'],
    ],
    [
      'an old build',
      ['scs-0102-image-recency 20:26'],
      ['build_date: 2026-07-05', 'build_date: 2026-04-21'],
      ["'20260705'", "'1'"],
    ],
    [
      'a build that is just young enough',
      [],
      ['build_date: 2026-07-05', 'build_date: 2026-04-22'],
      ["'20260705'", "'1'"],
    ],
    [
      'an old build that nobody promised to replace',
      [],
      ['build_date: 2026-07-05', 'build_date: 2025-04-21'],
      ["'20260705'", "'1'"],
      ['2029-05-31', 'none'],
    ],
    ['a standard image from elsewhere', ['scs-0104-source 28:14'], ['Alpha 1', 'Debian 12']],
    ['an image that nobody sees', [], version, ['visibility: public', 'visibility: private']],
    ['an image that is switched off', [], version, ['enable: true', 'enable: false']],
  ])('judge %s', (_, expected, ...changes) => {
    expect(found('scs', ...changes).filter((one) => !one.startsWith('mirror-name'))).toEqual(expected)
  })

  it.each<[value: string, both: string[], upstream: string[], ...changes: Change[]]>([
    [
      'os_distro: almalinux',
      ['scs-contradiction 17:18'],
      ['wrong-value 17:18'],
      ['os_distro: debian', 'os_distro: almalinux'],
    ],
    ['provided_until: notice', ['scs-contradiction 22:23'], ['wrong-type 22:23'], ['2029-05-31', 'notice']],
    ['hypervisor_type: kvm', ['scs-contradiction 16:24'], ['wrong-value 16:24'], ['type: qemu', 'type: kvm']],
    ['hypervisor_type: hyperv', ['scs-contradiction 16:24'], [], ['type: qemu', 'type: hyperv']],
    [
      'os_purpose: server',
      ['wrong-value 19:19'],
      ['wrong-value 19:19'],
      ['os_purpose: generic', 'os_purpose: server'],
    ],
    ['login: nothing', ['wrong-type 7:12'], ['wrong-type 7:12'], ['login: alpha', 'login: ~']],
  ])('say once of %s what both sets of rules say', (_, both, upstream, ...changes) => {
    expect(found('upstream+scs', ...changes)).toEqual(both)
    expect(found('upstream', ...changes)).toEqual(upstream)
  })
})

describe('a catalogue that SCS judges', () => {
  const now = () => new Date(`${today}T12:00:00Z`)
  const folderOf = (...texts: readonly string[]) => {
    const folder = temporaryFolder()
    for (const [index, text] of texts.entries()) writeFileSync(join(folder, `${index}.yml`), text)
    return folder
  }
  const twin = (...changes: readonly Change[]) =>
    changed(...changes)
      .replaceAll('alpha', 'beta')
      .replace('Alpha 1', 'Beta 1')
      .replace('ab'.repeat(32), 'cd'.repeat(32))

  it.each<[what: string, rules: string[], ...changes: Change[]]>([
    ['two generic images of a release', ['scs-0102-os_purpose-uniqueness']],
    ['one that is private', [], ['visibility: public', 'visibility: private']],
    ['one that is minimal', [], ['os_purpose: generic', 'os_purpose: minimal']],
    [
      'one of another architecture',
      [],
      ['architecture: x86_64', 'architecture: aarch64'],
      ['alpha-1-x86_64.qcow2\n    versions', 'alpha-1-aarch64.qcow2\n    versions'],
      ['alpha-1-x86_64', 'alpha-1-aarch64'],
    ],
  ])('may not have %s', async (_, rules, ...changes) => {
    const { findings, summary } = await validateCatalogue(
      { images: [folderOf(faultless, twin(...changes))] },
      { now },
    )
    expect(findings.map(({ rule }) => rule)).toEqual(rules)
    expect(summary.errors).toBe(0)
  })

  it('has its mandatory rules as errors with --profile scs, and lacks the standard images', async () => {
    const folder = folderOf(
      changed(
        version,
        ['build_date: 2026-07-05', 'build_date: 2025-01-05'],
        ["'20260705'", "'1'"],
        ['2029-05-31', 'none'],
      ),
    )
    const { status, out } = await cli([
      'validate',
      '--images',
      folder,
      '--profile',
      'scs',
      '--output',
      'json',
    ])
    expect(status).toBe(1)
    const { findings } = JSON.parse(out) as { findings: { rule: string; severity: string }[] }
    expect(findings.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual([
      'warning scs-0104-image',
      'warning scs-0104-image',
      'warning scs-0104-image',
      'error scs-0102-prop-os_version',
    ])
    expect((await cli(['validate', '--images', folder])).status).toBe(0)
    expect((await cli(['validate', '--images', folder, '--strict'])).status).toBe(1)
    expect((await cli(['validate', '--images', folder, '--strict', '--profile', 'upstream'])).status).toBe(0)
  })

  it('that is no catalogue is told with every profile', async () => {
    for (const profile of profiles) {
      const { summary } = await validateCatalogue({ images: [folderOf('images: 3\n')], profile }, { now })
      expect(summary.errors).toBe(1)
    }
  })
})

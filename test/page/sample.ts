import type { CheckedImage, CheckReport } from '../../src/report/schemas.ts'
import { checked, checkOf } from '../report/checked.ts'

const day = (date: string) => date.replaceAll('-', '')
const now = Date.parse('2026-07-18T03:12:00Z')

interface Row {
  readonly name: string
  readonly built: string
  readonly newest?: string
  readonly end?: string
  readonly values?: Partial<CheckedImage>
}

const rows: readonly Row[] = [
  { name: 'AlmaLinux 8', built: '2026-05-21', end: '2029-03-01' },
  { name: 'AlmaLinux 9', built: '2026-05-26', end: '2032-05-31' },
  { name: 'AlmaLinux 10', built: '2026-05-19', newest: '2026-07-01', end: '2035-05-31' },
  {
    name: 'CentOS 7',
    built: '2022-11-12',
    end: '2024-06-30',
    values: { status: 'skipped', reason: 'disabled' },
  },
  { name: 'CentOS Stream 9', built: '2026-07-14', end: '2027-05-31' },
  {
    name: 'CentOS Stream 10',
    built: '2026-03-02',
    end: '2030-01-01',
    values: {
      status: 'failed',
      error: {
        code: 'HTTP_TIMEOUT',
        message:
          'GET https://cloud.example.org/centos/10-stream/x86_64/images/CHECKSUM got no answer for 30 s',
        remedy: 'Run again later, or look at the network between here and cloud.example.org',
      },
    },
  },
  { name: 'Debian 11', built: '2026-07-06', end: '2026-08-31' },
  { name: 'Debian 12', built: '2026-01-24', newest: '2026-07-17', end: '2028-06-30' },
  {
    name: 'Debian 13',
    built: '2026-07-13',
    end: '2030-06-30',
    values: {
      mirror: { status: 'missing', url: 'https://mirror.example.org/images/debian-13.qcow2' },
      warnings: [
        'https://mirror.example.org/images/debian-13.qcow2 answers 404: users of the cloud cannot have the image',
      ],
    },
  },
  { name: 'openSUSE Leap 15.6', built: '2026-06-30', end: '2026-04-30', values: { trust: 'checksum' } },
  { name: 'Rocky 9', built: '2026-05-31', end: '2032-05-31', values: { trust: 'checksum' } },
  { name: 'Ubuntu 20.04', built: '2025-05-28', end: '2025-05-31' },
  { name: 'Ubuntu 22.04', built: '2026-07-09', end: '2027-04-01' },
  { name: 'Ubuntu 24.04', built: '2026-01-08', newest: '2026-07-05', end: '2029-04-25' },
  { name: 'Ubuntu 24.04 Minimal', built: '2026-06-30', end: '2029-04-25' },
  { name: 'Flatcar', built: '2026-07-01', values: { trust: 'first-use' } },
]

/** A catalogue as one that is in use: some images current, some behind, one of each trouble. */
export function sample(): CheckReport {
  const images = rows.map(({ name, built, newest = built, end, values }) => {
    const shortname = name.toLowerCase().replaceAll(' ', '-')
    const file = `etc/images/${shortname.split('-')[0]}.yml`
    const url = (date: string) => `https://images.example.org/${shortname}/${day(date)}/${shortname}.qcow2`
    const version = (date: string) => ({ version: day(date), build_date: date, url: url(date) })
    return checked({
      ...{ name, shortname, file, end_of_life: end },
      status: built === newest ? 'up-to-date' : 'outdated',
      versions: [version(built)],
      newest: version(newest),
      age_days: Math.floor((now - Date.parse(built)) / 86_400_000),
      days_behind: Math.round((Date.parse(newest) - Date.parse(built)) / 86_400_000),
      mirror: { status: 'present', url: `https://mirror.example.org/images/${shortname}.qcow2`, size: 6e8 },
      ...values,
    })
  })
  return checkOf(images, { started_at: new Date(now).toISOString(), seconds: 4.2 })
}

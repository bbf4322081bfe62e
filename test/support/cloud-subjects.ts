import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCloud } from '../../src/cloud/keystone.ts'
import type { CloudSession } from '../../src/cloud/session.ts'
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts'

/** A cloud under the contract. */
export interface CloudSubject {
  readonly name: string
  /** Why it does not run here. */
  readonly skipped?: string
  /** The port on 127.0.0.1 from which it fetches URLs; 0: any; undefined: none. */
  readonly fetches: number | undefined
  open(): Promise<OpenCloudSubject>
}

export interface OpenCloudSubject {
  /** Of an administrator. */
  readonly session: CloudSession
  /** The text of a `clouds.yaml`, in which it is called as the session says. */
  readonly cloudsFile: string
  /** The stand-in itself, where it is one. */
  readonly fake?: FakeCloud
  close(): Promise<void>
}

/** Logs in to the first cloud of the text of a `clouds.yaml`. */
export async function logIn(cloudsFile: string, name: string): Promise<CloudSession> {
  const folder = await mkdtemp(join(tmpdir(), 'clouds-'))
  const path = join(folder, 'clouds.yaml')
  await writeFile(path, cloudsFile)
  try {
    const env = { OS_CLIENT_CONFIG_FILE: path }
    return await openCloud({ name }, { env, cwd: folder, home: folder, etc: folder, sleep: async () => {} })
  } finally {
    await rm(folder, { recursive: true })
  }
}

const { TEST_GLANCE_CLOUDS: clouds, TEST_GLANCE_FETCHES: port } = process.env

export const cloudSubjects: readonly CloudSubject[] = [
  {
    name: 'the stand-in',
    fetches: 0,
    async open() {
      const fake = await startFakeCloud()
      const cloudsFile = fake.cloudsFile('admin')
      const session = await logIn(cloudsFile, 'fake')
      return {
        session,
        cloudsFile,
        fake,
        close: async () => {
          await session.close()
          await fake.close()
        },
      }
    },
  },
  {
    name: 'the real Glance',
    fetches: port === undefined ? undefined : Number(port),
    ...(clouds === undefined ? { skipped: 'TEST_GLANCE_CLOUDS is not set' } : {}),
    async open() {
      const cloudsFile = await readFile(clouds ?? '', 'utf8')
      const session = await logIn(cloudsFile, 'openstack')
      return { session, cloudsFile, close: () => session.close() }
    },
  },
]

import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import { objectOf } from '../../support/world/whole.ts'
import type { Group, Holds, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { always } from './outcomes.ts'
import { credentialsBy } from './store.ts'

/** On SIGUSR2 the command of the tests throws where nobody catches it. */
type Signal = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGUSR2'
type StoreFault = Parameters<Scene['store']['fault']>[0]

const stopped = (signal: Signal, holds: Partial<Holds> = {}): Holds => ({
  status: ({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGUSR2: 70 } as const)[signal],
  error: 'ABORTED',
  entry: 'old',
  ...holds,
})

const send =
  (signal: Signal) =>
  async (scene: Scene, child: ChildProcess): Promise<void> => {
    await scene.reached
    child.kill(signal)
  }

/** The signal comes when the distribution's server is asked for this file. */
const whileAsking = (
  file: 'image' | 'manifest',
  signal: Signal,
  stallAfter: number | 'headers',
  more: Partial<Row> = {},
): Row => ({
  fault: `${signal} while the ${file} ${stallAfter === 'headers' ? 'is asked for' : 'comes'}`,
  inject: ({ origin, paths, reach }) =>
    origin.fault(paths[file], ...(file === 'image' ? [{}] : []), {
      stallAfter,
      reached: reach,
      times: always,
    }),
  during: send(signal),
  holds: stopped(signal),
  ...more,
})

/** The signal comes when the store has got this request. */
const atStore = (
  fault: string,
  signal: Signal,
  { on, effect }: Pick<StoreFault, 'on' | 'effect'>,
  holds: Holds = stopped(signal),
  more: Partial<Row> = {},
): Row => ({
  fault: `${signal} ${fault}`,
  inject: ({ store, image, reach }) =>
    store.fault({ on, effect, key: objectOf(image), reached: reach, times: always }),
  during: send(signal),
  holds,
  ...more,
})

const stall = { type: 'stall' } as const
const slow = { type: 'delay', milliseconds: 700 } as const
const slowAnswer = { ...slow, done: true } as const

const surprise = 'an exception that nobody foresaw'

export const signals: Group = {
  name: 'Signals',
  rows: [
    whileAsking('manifest', 'SIGINT', 'headers'),
    whileAsking('manifest', 'SIGTERM', 10),
    {
      fault: 'SIGTERM while it is found out whether everybody can read what is stored',
      inject: ({ store, reach }) =>
        store.fault({
          on: 'PublicRead',
          key: 'image-updater-probe-',
          effect: { type: 'stall' },
          reached: reach,
          times: always,
        }),
      during: send('SIGTERM'),
      holds: stopped('SIGTERM', {
        other: 'old',
        more: ({ store }) => expect(store.objects().map(({ key }) => key)).toEqual([]),
      }),
    },
    whileAsking('image', 'SIGINT', 'headers'),
    whileAsking('image', 'SIGTERM', 50_000),
    whileAsking('image', 'SIGHUP', 50_000),
    whileAsking('image', 'SIGTERM', 50_001, {
      mirror: 'folder',
      fault: 'SIGTERM while the image comes, mirrored into a folder',
    }),
    {
      fault: 'SIGTERM while the bucket is looked at',
      inject: ({ store, reach }) =>
        store.fault({ on: 'ListObjects', effect: stall, reached: reach, times: always }),
      during: send('SIGTERM'),
      holds: { status: 143, entry: 'old', other: 'old', error: 'ABORTED' },
    },
    atStore('while the object is looked for', 'SIGTERM', { on: 'HeadObject', effect: stall }),
    {
      fault: 'SIGTERM while a credential_process gives none',
      inject: (scene) => credentialsBy(scene, `touch ${scene.home}/asked; sleep 1000`),
      during: async ({ home }, child) => {
        while (!existsSync(join(home, 'asked'))) await turn()
        child.kill('SIGTERM')
      },
      holds: { status: 143, entry: 'old', other: 'old', error: 'ABORTED' },
    },
    atStore('while an upload is being begun', 'SIGTERM', { on: 'CreateMultipartUpload', effect: slow }),
    atStore('while the answer to a beginning is under way', 'SIGTERM', {
      on: 'CreateMultipartUpload',
      effect: slowAnswer,
    }),
    atStore('while the answer to a beginning is under way', 'SIGINT', {
      on: 'CreateMultipartUpload',
      effect: slowAnswer,
    }),
    atStore('while the beginning of an upload never ends', 'SIGTERM', {
      on: 'CreateMultipartUpload',
      effect: stall,
    }),
    atStore('while a part is under way', 'SIGINT', { on: 'UploadPart', effect: stall }),
    atStore('before the upload is completed', 'SIGTERM', { on: 'CompleteMultipartUpload', effect: slow }),
    atStore(
      'after the upload is completed',
      'SIGTERM',
      { on: 'CompleteMultipartUpload', effect: slowAnswer },
      stopped('SIGTERM', { object: true }),
    ),
    atStore(
      'while the object is copied to its key',
      'SIGTERM',
      { on: 'UploadPartCopy', effect: stall },
      stopped('SIGTERM'),
      { image: 'appliance' },
    ),
    atStore(
      'while the public URL is asked',
      'SIGTERM',
      { on: 'PublicRead', effect: stall },
      stopped('SIGTERM', { object: true }),
    ),
    {
      fault: 'SIGTERM, and the store does not answer to the abort either',
      policy: { removalTimeout: 300 },
      inject: ({ store, image, reach }) => {
        const key = objectOf(image)
        store.fault({ on: 'UploadPart', effect: stall, key, reached: reach, times: always })
        store.fault({ on: 'AbortMultipartUpload', effect: stall, key, times: always })
      },
      during: send('SIGTERM'),
      holds: stopped('SIGTERM', { uploads: 1 }),
    },
    whileAsking('manifest', 'SIGUSR2', 'headers', { fault: `${surprise} while the manifest is asked for` }),
    whileAsking('image', 'SIGUSR2', 50_000, {
      fault: `${surprise} while the image comes, mirrored into a folder`,
      mirror: 'folder',
    }),
    atStore('while a part is under way', 'SIGUSR2', { on: 'UploadPart', effect: stall }, stopped('SIGUSR2'), {
      fault: `${surprise} while a part is under way`,
    }),
    atStore(
      'after the upload is completed',
      'SIGUSR2',
      { on: 'CompleteMultipartUpload', effect: slowAnswer },
      stopped('SIGUSR2', { object: true }),
      { fault: `${surprise} after the upload is completed` },
    ),
    {
      fault: 'SIGINT twice: the second does not wait',
      args: ['--transfers', '1'],
      inject: ({ store, image, reach }) => {
        const key = objectOf(image)
        store.fault({ on: 'UploadPart', effect: stall, key, times: always })
        store.fault({ on: 'AbortMultipartUpload', effect: stall, key, reached: reach, times: always })
      },
      during: async ({ store, image, reached }, child) => {
        const key = objectOf(image)
        while (!store.uploads().some((upload) => upload.key === key)) await turn()
        child.kill('SIGINT')
        await reached
        child.kill('SIGINT')
      },
      holds: stopped('SIGINT', { atOnce: true, uploads: 1 }),
    },
  ],
}

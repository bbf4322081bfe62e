import { objectOf } from '../../support/world/whole.ts'
import type { Group, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { assertAgreed, type FirstBuild, publishSecondBuild, rewriteEntry } from '../second-build.ts'
import { always, failed } from './outcomes.ts'

type Mirror = NonNullable<Row['mirror']>

/** The catalogue names the first build of a day, there is a second one, and something goes wrong with that. */
const secondBuildOf = (
  image: string,
  mirror: Mirror,
  fault: string,
  { inject, holds }: Pick<Row, 'inject' | 'holds'>,
  prepare: (scene: Scene) => readonly string[] = () => [],
): Row => {
  let first: FirstBuild
  return {
    fault: `a second build of one day (${image}, mirrored into a ${mirror}): ${fault}`,
    ...{ image, mirror },
    inject: async (scene) => {
      first = await publishSecondBuild(scene, mirror, prepare(scene))
      await inject?.(scene)
    },
    holds: { ...holds, more: (scene) => assertAgreed(scene, mirror, first) },
  }
}

const withAnchor = (text: string) => text.replace(/( +- version: )/, '$1&first ')

function withAlias(text: string): string {
  const [start = '', entry = ''] = text.replace('---\n', '').split(/ {4}versions:\n {6}- /)
  return `---\nfirst: &first\n        ${entry}${start}    versions:\n      - *first\n`
}

/** The mirror has a web server that does not know what is stored from now on. */
function serveFirst({ image, origin, args }: Scene): readonly string[] {
  origin.put(`/files/${objectOf(image)}`, Buffer.from(image.newest.stored))
  const base = ['--mirror-base-url', `${origin.url}/files`]
  args.push(...base)
  return [...base, '--no-check-public']
}

const inBoth = (image: string, fault: string, change: (text: string) => string): readonly Row[] =>
  (['store', 'folder'] as const).map((mirror) =>
    secondBuildOf(image, mirror, fault, {
      inject: (scene) => rewriteEntry(scene, change),
      holds: { ...failed('CATALOG_UNEDITABLE'), says: /cannot be edited safely/ },
    }),
  )

export const secondBuild: Group = {
  name: 'A second build of one day',
  rows: [
    ...inBoth('rocky-9', 'its entry has an anchor', withAnchor),
    ...inBoth('rocky-9', 'its entry is an alias', withAlias),
    ...inBoth('appliance', 'its entry has an anchor', withAnchor),
    secondBuildOf('rocky-9', 'store', 'its public URL does not answer', {
      inject: ({ store, image }) =>
        store.fault({
          on: 'PublicRead',
          key: objectOf(image),
          effect: { type: 'error', status: 404, code: 'NoSuchKey' },
          times: always,
        }),
      holds: { ...failed('PUBLIC_UNREADABLE'), object: true },
    }),
    secondBuildOf(
      'rocky-9',
      'folder',
      'its public URL does not answer',
      { holds: { ...failed('PUBLIC_UNREADABLE'), object: true, other: 'old' } },
      serveFirst,
    ),
  ],
}

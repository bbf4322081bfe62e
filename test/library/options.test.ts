import { describe, expect, it } from 'vitest'
import * as library from '../../src/index.ts'
import { UpdaterError } from '../../src/index.ts'

type Call = (...args: unknown[]) => unknown
const functions = Object.entries<unknown>({ ...library }).filter(
  (entry): entry is [string, Call] =>
    typeof entry[1] === 'function' &&
    !/^(?:UpdaterError|shippedCatalogue|fetch.*|listedFile|objectKind)$/.test(entry[0]),
)

// What a resolver or a store calls while a run goes on is not called with options.
/** Folders that lead nowhere, so that no call reads what this machine has. */
const images = ['/nowhere/images']
const wrong: readonly (readonly [what: string, args: readonly unknown[]])[] = [
  ['null', [null]],
  ['a text', ['x']],
  ['a list', [[]]],
  ['an empty object', [{ images }]],
  [
    'wrong types throughout',
    [{ images: 'x', names: 'x', mirror: 'x', before: 1, dir: 1, distributions: 'x' }],
  ],
  ['lists of other things', [{ images: [1], names: [{}] }]],
  ['lists that are none', [{ images, overrides: {}, sources: 'x', resolvers: 1 }]],
  ['entries that are none', [{ images, overrides: [null], sources: [1], resolvers: ['x'] }]],
  ['a source without its parts', [{ images, sources: [{ name: 'x' }] }]],
  ['a resolver without its parts', [{ images, resolvers: [{ name: 'x' }] }]],
  ['a mirror of no kind', [{ images, mirror: {} }]],
  ['a mirror that is a number', [{ images, mirror: { kind: 's3', server: 1 } }]],
  ['a folder that is missing', [{ images, mirror: { kind: 'directory' } }]],
  ['a store that is none', [{ images, mirror: { kind: 'store', store: {}, baseUrl: 'https://m' } }]],
  ['no context', [{ images }, null]],
]

describe.each(functions)('%s', (_, call) => {
  it.each([...wrong, ['nothing at all', []] as const])('takes %s as no fault of its own', async (_, args) => {
    // Nothing at all means the catalogue of the command, and that may be there.
    const error = await (async () => call(...args))().then(
      () => undefined,
      (thrown) => thrown,
    )
    if (error !== undefined) expect(error).toBeInstanceOf(UpdaterError)
    if (error !== undefined) expect(error.code).not.toBe('INTERNAL')
  })
})

import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { VersionEdit } from '../../src/catalog/edit.ts'
import { UpdaterError } from '../../src/errors.ts'
import { type EditResult, FileWriter } from '../../src/update/catalogue.ts'

const edit = (index: number): VersionEdit => ({ index, name: `Image ${index}`, before: undefined, after: {} })

/** A writer whose batches end when the test says so. */
function held() {
  const batches: { indexes: number[]; end: (result: Partial<EditResult> | Error) => void }[] = []
  const writer = new FileWriter(
    (edits) =>
      new Promise((resolve, reject) => {
        batches.push({
          indexes: edits.map(({ index }) => index),
          end: (result) => {
            if (result instanceof Error) reject(result)
            else resolve({ before: 'before', after: 'after', failed: [], ...result })
          },
        })
      }),
  )
  return { writer, batches }
}

describe('FileWriter', () => {
  it('brings home together what comes while it writes', async () => {
    const { writer, batches } = held()
    const first = writer.write(edit(0))
    await turn()
    const writes = [1, 2].map((index) => writer.write(edit(index)))
    await turn()
    expect(batches.map(({ indexes }) => indexes)).toEqual([[0]])
    batches[0]?.end({ before: 'a', after: 'b' })
    await first
    await turn()
    expect(batches.map(({ indexes }) => indexes)).toEqual([[0], [1, 2]])
    batches[1]?.end({ before: 'b', after: 'c' })
    await Promise.all(writes)
    expect(writer.change).toEqual({ before: 'a', after: 'c' })
  })

  it('rejects the edits that failed and no others', async () => {
    const { writer, batches } = held()
    const first = writer.write(edit(0))
    await turn()
    batches[0]?.end({})
    await first
    await turn()
    const [good, bad] = [edit(1), edit(2)]
    const writes = [writer.write(good), writer.write(bad)]
    await turn()
    batches[1]?.end({ failed: [{ edit: bad, error: new UpdaterError('CATALOG_CHANGED', 'no such image') }] })
    await writes[0]
    await expect(writes[1]).rejects.toThrow('no such image')
  })

  it('goes on after a batch that could not be written', async () => {
    const { writer, batches } = held()
    const first = writer.write(edit(0))
    await turn()
    const second = writer.write(edit(1))
    batches[0]?.end(new Error('disk full'))
    await expect(first).rejects.toThrow('disk full')
    await turn()
    expect(writer.change).toBeUndefined()
    batches[1]?.end({})
    await expect(second).resolves.toBeUndefined()
    expect(writer.change).toEqual({ before: 'before', after: 'after' })
  })
})

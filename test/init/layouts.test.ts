import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { findResolver } from '../../src/discovery/find-resolver.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'

const images = readdirSync('catalog').flatMap(
  (file) => parseCatalog(file, readFileSync(`catalog/${file}`, 'utf8')).images,
)

const keyOf = (latestUrl = '', latestChecksumUrl = '') => `${latestUrl} ${latestChecksumUrl}`

describe('the catalogue that comes with the program', () => {
  it.each(images)(
    '$name is looked for by the resolver of its distribution, where that recommends',
    (image) => {
      const { name } = findResolver(image).resolver
      const recommended = resolvers.find((resolver) => resolver.name === name)?.recommended ?? []
      const layout = recommended.find(
        ({ latestUrl, latestChecksumUrl }) =>
          keyOf(latestUrl, latestChecksumUrl) === keyOf(image.latestUrl, image.latestChecksumUrl),
      )
      expect(layout).toMatchObject({ format: image.format, architecture: image.architecture })
    },
  )

  it('has an image for every layout that a resolver recommends', () => {
    const known = new Set(
      images.map(({ latestUrl, latestChecksumUrl }) => keyOf(latestUrl, latestChecksumUrl)),
    )
    // Ubuntu's simplestreams are another way to images that the catalogue has already.
    const lacking = resolvers
      .filter(({ name }) => name !== 'ubuntu-streams')
      .flatMap(({ recommended }) => recommended)
      .filter(({ latestUrl, latestChecksumUrl }) => !known.has(keyOf(latestUrl, latestChecksumUrl)))
    expect(lacking).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { findResolver } from '../../src/discovery/find-resolver.ts'
import { hasPlaceholder, parsePattern } from '../../src/discovery/pattern.ts'
import { resolvers } from '../../src/discovery/resolvers/index.ts'
import { imageOf } from './image.ts'

const layouts = resolvers.flatMap(({ name, recommended }) => recommended.map((layout) => ({ name, layout })))

/** What a catalogue gives images of these; those of the others it has no `os_distro` for. */
const osDistros: Readonly<Record<string, string>> = {
  ubuntu: 'ubuntu',
  debian: 'debian',
  almalinux: 'centos',
  centos: 'centos',
  rocky: 'rocky',
  gardenlinux: 'debian',
  kali: 'debian',
  flatcar: 'fedora',
  opnsense: 'freebsd',
}

describe('the layouts that resolvers recommend', () => {
  it.each(layouts)('$layout.image ($layout.architecture) is served by $name', ({ name, layout }) => {
    const { latestUrl, latestChecksumUrl } = layout
    const image = imageOf({ latestUrl, latestChecksumUrl, osDistro: osDistros[name] })
    expect(findResolver(image).resolver.name).toBe(name)
  })

  it.each(layouts)('$layout.image ($layout.architecture): the URLs are usable', async ({ layout }) => {
    for (const url of [layout.latestUrl, layout.latestChecksumUrl ?? layout.latestUrl]) {
      expect(url).toMatch(/^https:\/\/\w\S*$/)
      if (hasPlaceholder(url)) await parsePattern(url, layout.image)
    }
  })

  it('are different ones', () => {
    const urls = layouts.map(({ layout }) => `${layout.latestUrl} ${layout.latestChecksumUrl}`)
    expect(new Set(urls).size).toBe(urls.length)
    const images = layouts.map(({ name, layout }) => `${name} ${layout.image} ${layout.architecture}`)
    expect(new Set(images).size).toBe(images.length)
  })
})

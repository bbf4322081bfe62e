import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PageOptions, renderPage } from '../../src/page/page.ts'
import { outcome, reportOf } from '../cli/support.ts'
import { checked, checkOf, hostile } from '../report/checked.ts'
import { hasChromium, launchChromium } from './browser.ts'
import { sample } from './sample.ts'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const phone = { viewport: { width: 360, height: 780 } } as const

const service: PageOptions['service'] = {
  now: new Date('2026-07-18T03:12:00Z'),
  next: new Date('2026-07-19T03:12:00Z'),
  hasLooked: true,
  unreadable:
    'etc/images/a-name-without-any-space-that-is-much-longer-than-a-telephone-is-wide.yml:1:2: Not YAML',
  runs: Array.from({ length: 6 }, (_, index) => ({
    id: 12 - index,
    trigger: 'schedule',
    startedAt: new Date(Date.UTC(2026, 6, 18 - index, 3)),
    report: reportOf([outcome({ status: 'updated' })]),
    hookErrors: index === 0 ? ['The command of --on-update ended with status 9'] : [],
  })),
}

/** In the page: the pairs of texts, controls and lines of the axis that lie one over the other. */
const overlaps = `(() => {
  const boxes = []
  const add = (name, rects, wider = 0) => {
    for (const { left, top, right, bottom } of rects) boxes.push({ name, left: left - wider, top, right: right + wider, bottom })
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const { parentElement: parent, data } = text
    // What is cut off has boxes of its own.
    const isShown = parent.checkVisibility() && !parent.matches('script, style, option, .line > span')
    if (data.trim() === '' || !isShown) continue
    const range = document.createRange()
    range.selectNodeContents(text)
    add(data.trim(), range.getClientRects())
  }
  for (const control of document.querySelectorAll('input, select')) add(control.id, control.getClientRects())
  for (const line of document.querySelectorAll('.axis line')) add('line', [line.getBoundingClientRect()], 1)
  return boxes.flatMap((a, index) =>
    boxes.slice(index + 1).flatMap((b) => {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
      const areLines = a.name === 'line' && b.name === 'line'
      return width > 1 && height > 3 && !areLines ? [a.name + ' | ' + b.name] : []
    }),
  )
})()`

describe.skipIf(!hasChromium)(
  `the page in Chromium${hasChromium ? '' : ' (/usr/bin/chromium is missing)'}`,
  () => {
    let browser: Browser
    let folder: string

    beforeAll(async () => {
      browser = await launchChromium()
      folder = await mkdtemp(join(tmpdir(), 'image-updater-page-'))
    })
    afterAll(async () => {
      await browser.close()
      await rm(folder, { recursive: true, force: true })
    })

    /** Opens a page; whatever the console says or is asked for beside the page itself fails the test. */
    async function open(
      report = sample(),
      options: BrowserContextOptions = {},
      shown: PageOptions = {},
    ): Promise<Page> {
      const file = join(folder, `${Math.round(performance.now() * 1000)}.html`)
      await writeFile(file, renderPage(report, shown))
      const context = await browser.newContext(options)
      const page = await context.newPage()
      const said: string[] = []
      const asked: string[] = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(error.message))
      page.on('request', (request) => asked.push(request.url()))
      onTestFinished(async () => {
        await context.close()
        expect(said).toEqual([])
        expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([`file://${file}`])
      })
      await page.goto(`file://${file}`)
      return page
    }

    const names = (page: Page) => page.locator('#images tbody tr:visible th b').allTextContents()

    it('searches, by the keyboard alone', async () => {
      const page = await open()
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.id')).toBe('search')
      await page.keyboard.type('debian 1')
      expect(await names(page)).toEqual(['Debian 11', 'Debian 12', 'Debian 13'])
      expect(await page.locator('#found').textContent()).toBe('3 of 16')
      await page.keyboard.press('Enter')
      await page.keyboard.type(' no such')
      expect(await names(page)).toEqual([])
      expect(await page.getByText('No image is like that.').isVisible()).toBe(true)
    })

    it('shows those alone that are to be looked at', async () => {
      const page = await open()
      await page.selectOption('#filter', 'outdated')
      expect(await names(page)).toEqual(['AlmaLinux 10', 'Debian 12', 'Ubuntu 24.04'])
      await page.selectOption('#filter', 'mirror')
      expect(await names(page)).toEqual(['Debian 13'])
      await page.selectOption('#filter', 'ending')
      expect(await names(page)).toEqual(['Debian 11', 'openSUSE Leap 15.6', 'Ubuntu 20.04'])
    })

    it.each(['Enter', 'Space'])('sorts by %s, up and down, with what is unknown at the end', async (key) => {
      const page = await open()
      const button = page.getByRole('button', { name: 'End of life' })
      const head = page.getByRole('columnheader', { name: 'End of life' })
      await button.focus()
      await page.keyboard.press(key)
      expect(await head.getAttribute('aria-sort')).toBe('ascending')
      const up = await names(page)
      expect([up[0], up[1], up.at(-1)]).toEqual(['CentOS 7', 'Ubuntu 20.04', 'Flatcar'])
      await page.keyboard.press(key)
      expect(await head.getAttribute('aria-sort')).toBe('descending')
      const down = await names(page)
      expect([down[0], down.at(-1)]).toEqual(['AlmaLinux 10', 'Flatcar'])
      await page.getByRole('button', { name: 'Age', exact: true }).press(key)
      expect((await names(page))[0]).toBe('CentOS Stream 9')
      expect(await page.locator('[aria-sort]').count()).toBe(1)
    })

    it('shows where the focus is', async () => {
      const page = await open()
      const outlines = new Set<string>()
      for (let step = 0; step < 12; step += 1) {
        await page.keyboard.press('Tab')
        outlines.add(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'))
      }
      expect([...outlines]).toEqual(['solid'])
    })

    it.each([
      ['light', {}],
      ['dark', {}],
      ['light', phone],
      ['dark', phone],
    ] as const)('has nothing that axe objects to: %s %j', async (colorScheme, options) => {
      const page = await open(sample(), { colorScheme, bypassCSP: true, ...options })
      await page.addScriptTag({ path: axe })
      const result = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
        'axe.run()',
      )
      expect(result.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([])
    })

    it.each([320, 390, 768, 1280])(
      'needs no scrolling to the side at %i pixels, and nothing overlaps',
      async (width) => {
        const long = 'A-name-without-any-space-that-is-much-longer-than-a-telephone-is-wide-in-any-hand'
        const images = [
          ...sample().images,
          checked({ name: long, shortname: long, versions: [{ version: long }] }),
        ]
        const page = await open(checkOf(images), { viewport: { width, height: 800 } }, { service })
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
        expect(await page.evaluate(overlaps)).toEqual([])
      },
    )

    it('runs nothing of what a catalogue holds', async () => {
      const page = await open(checkOf([hostile]))
      page.on('dialog', () => expect.unreachable())
      expect(await page.locator('img').count()).toBe(0)
      expect((await names(page))[0]).toContain('</script><img src=x')
    })

    it('is whole without scripts', async () => {
      const page = await open(sample(), { javaScriptEnabled: false })
      expect(await names(page)).toHaveLength(16)
      expect(await page.locator('#find').isVisible()).toBe(false)
      expect(await page.getByRole('button').count()).toBe(0)
    })

    it('follows the runs of a service, and is loaded again when one has ended', async () => {
      let loads = 0
      const progress = { done: 1, images: 2, updated: 1, failed: 0 }
      const active = [{ name: 'Debian 12', phase: 'mirroring', received: 1048576, size: 2097152 }]
      const server = createServer((request, response) => {
        if (request.url === '/') {
          loads += 1
          response.setHeader('content-type', 'text/html')
          response.end(renderPage(sample(), { live: true }))
          return
        }
        const states = loads === 1 ? ['running', 'failed'] : ['failed']
        response.setHeader('content-type', 'text/event-stream')
        for (const state of states) {
          const run = { id: 7, state, progress: { ...progress, active: state === 'running' ? active : [] } }
          response.write(`event: run\ndata: ${JSON.stringify(run)}\n\n`)
        }
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => {
        server.closeAllConnections()
        server.close()
      })
      const page = await browser.newPage()
      const told: string[] = []
      await page.exposeFunction('tell', (text: string) => told.push(text))
      await page.addInitScript(`addEventListener('DOMContentLoaded', () => {
      const live = document.getElementById('live')
      new MutationObserver(() => tell(live.textContent)).observe(live, { childList: true })
    })`)
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      await page.getByText('Run 7 is failed.').waitFor()
      expect(loads).toBe(2)
      expect(told).toContain('Run 7: 1 of 2 images, 1 updated, 0 failed, Debian 12 1 MiB of 2 MiB')
      await page.close()
    })
  },
)

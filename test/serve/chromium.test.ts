import { describe, expect, it, onTestFinished } from 'vitest'
import { hasChromium, launchChromium } from '../page/browser.ts'
import { scene } from './support.ts'

describe('the page of a service', () => {
  it.skipIf(!hasChromium)(
    'follows a run, and shows what it made of the catalogue (skipped without Chromium)',
    async () => {
      const { url, startRun, world } = await scene()
      const debian = '/cdimage.debian.org/cdimage/cloud/bookworm/daily/20260717-1000/'
      world.origin.fault(`${debian}debian-12-genericcloud-amd64-daily-20260717-1000.qcow2`, {
        trickle: { bytes: 10_000, milliseconds: 100 },
      })
      const browser = await launchChromium()
      onTestFinished(() => browser.close())
      const page = await browser.newPage()
      const errors: string[] = []
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
      page.on('pageerror', ({ message }) => errors.push(message))
      await page.goto(url)
      const row = page.locator('#images tbody tr', { hasText: 'Debian 12' })
      expect(await row.textContent()).toContain('20260124')

      await startRun()
      await page.locator('#live', { hasText: /Run 1: \d+ of \d+ images.*Debian 12/ }).waitFor()
      await page.locator('#images tbody tr', { hasText: '20260717' }).waitFor()
      expect(await row.textContent()).toContain('Current')
      expect(errors).toEqual([])
    },
  )
})

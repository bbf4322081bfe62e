import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { Parser } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import { showDays, showDistance } from '../../src/page/facts.ts'
import { html, link } from '../../src/page/html.ts'
import { renderPage } from '../../src/page/page.ts'
import type { ShownRun } from '../../src/page/runs.ts'
import { scaleOf } from '../../src/page/timeline.ts'
import { outcome, reportOf } from '../cli/support.ts'
import { checked, checkOf, disabled, failed, hostile, hostileText, outdated } from '../report/checked.ts'
import { anyText } from '../support/any-text.ts'
import { sample } from './sample.ts'

interface Seen {
  readonly tags: readonly string[]
  readonly attributes: readonly (readonly [string, string])[]
  readonly text: string
}

function read(page: string): Seen {
  const tags: string[] = []
  const attributes: (readonly [string, string])[] = []
  let text = ''
  const parser = new Parser({
    onopentag: (name, all) => {
      tags.push(name)
      attributes.push(...Object.entries(all))
    },
    ontext: (part) => {
      text += part
    },
  })
  parser.end(page)
  return { tags, attributes, text }
}

describe('the page', () => {
  it('says of every image what a check found', () => {
    const { text } = read(renderPage(checkOf([checked(), outdated, disabled, failed])))
    for (const part of [
      ...['Checked 6 May 2025, 07:08 UTC', '4 images in 2 files', 'Alpha 1', 'Current', 'Signed', 'Present'],
      ...['20250506', '5 days newer', 'Missing', 'https://m.example/b.qcow2 answers 404', 'Disabled'],
      ...['HTTP_STATUS', 'https://e.example/SHA256SUMS answered 404', 'Look at the server.', 'No answer'],
    ]) {
      expect(text).toContain(part)
    }
  })

  it('tells the end of life, and whether it is near', () => {
    const of = (end_of_life: string) => renderPage(checkOf([checked({ end_of_life })]))
    expect(of('2029-04-25')).toContain('<span class="plain">25 Apr 2029</span><small>in 4 years</small>')
    expect(of('2025-08-31')).toContain('<span class="warn">31 Aug 2025</span>')
    expect(of('2025-05-06')).toContain('<span class="bad">6 May 2025</span><small>today</small>')
  })

  it('shows which versions followed one another', () => {
    const versions = [{ version: '20250501' }, { version: '20250101' }]
    expect(renderPage(checkOf([checked({ versions })]))).toContain('20250101 → 20250501 · 5 days ago')
  })

  it('tells of the runs of a service: the next, the last five, and what is wrong', () => {
    const run = (id: number, values: Partial<ShownRun> = {}): ShownRun => ({
      id,
      trigger: 'schedule',
      startedAt: new Date(Date.UTC(2025, 4, id)),
      report: reportOf([outcome({ status: 'updated' }), outcome()]),
      hookErrors: [],
      ...values,
    })
    const refused = {
      ...reportOf([]),
      errors: [{ code: 'CATALOG_SYNTAX' as const, message: 'Not YAML', remedy: 'Correct it' }],
    }
    const runs = [run(9, { trigger: 'request', report: undefined }), run(8, { report: refused }), run(7)]
    const service = {
      now: new Date('2025-05-09T12:00:00Z'),
      next: new Date('2025-05-10T03:10:00Z'),
      hasLooked: true,
      unreadable: 'a.yml:1:1: Not YAML',
      runs: [...runs, run(6, { hookErrors: ['It ended with status 9'] }), run(5), run(4)],
    }
    const { text } = read(renderPage(checkOf([checked()]), { live: true, service }))
    for (const part of [
      'Looked for newer builds 6 May 2025, 07:08 UTC · 1 image in 1 file',
      'The catalogue cannot be read, what stood there before is shown: a.yml:1:1: Not YAML.',
      'Run 8 was refused: Not YAML. Correct it.',
      'The next run begins 10 May 2025, 03:10 UTC (in 15 hours).',
      '9 May 2025, 00:00 UTC Run 9 goes on · on request',
      'Run 8 was refused · on schedule',
      'Run 7: 2 checked, 1 updated, 0 failed in 12 s · on schedule',
      'Run 6: 2 checked, 1 updated, 0 failed, 1 hook failed in 12 s',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).not.toContain('Run 4')
    expect(text).not.toContain('It ended with status 9')
  })

  it('tells of a service without a run that nothing was looked for, and when the first one is', () => {
    const unseen = checked({ status: 'skipped', trust: undefined })
    const now = new Date('2025-05-06T07:08:00Z')
    const of = (next: Date | undefined) =>
      read(
        renderPage(checkOf([unseen, unseen, disabled]), {
          service: { now, next, hasLooked: false, runs: [] },
        }),
      ).text
    const text = of(new Date('2025-05-06T08:00:00Z'))
    for (const part of [
      ...['No run has looked for newer builds yet · 3 images in 1 file', '(in 52 minutes)', 'Not yet'],
      ...['1 skipped', '2 not looked for yet'],
    ]) {
      expect(text).toContain(part)
    }
    expect(of(undefined)).toContain('No run is scheduled.')
    expect(of(new Date('2025-05-12T07:08:00Z'))).toContain('(in 6 days)')
  })

  it('is whole without an image', () => {
    expect(read(renderPage(checkOf([]))).text).toContain('0 images in 0 files')
  })

  it('loads nothing, and its policy allows only what stands in it', () => {
    for (const live of [false, true]) {
      const page = renderPage(sample(), { live })
      const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? ''
      const hashes = ['style', 'script'].map((name) => {
        const text = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(page)?.[1] ?? ''
        return `${name}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`
      })
      expect(policy.split('; ')).toEqual([
        ...["default-src 'none'", ...hashes, 'img-src data:'],
        ...(live ? ["connect-src 'self'"] : []),
        ...["base-uri 'none'", "form-action 'none'"],
      ])
      const { attributes } = read(page)
      const loaded = attributes.filter(([name]) => ['src', 'srcset', 'action', 'style'].includes(name))
      expect(loaded).toEqual([])
      expect(attributes.filter(([name]) => name.startsWith('on'))).toEqual([])
    }
  })

  it('takes no text for markup', () => {
    const tame = checked({
      ...hostile,
      name: 'x',
      shortname: 'x',
      versions: [{}],
      warnings: [],
      error: undefined,
    })
    const page = renderPage(checkOf([hostile]))
    const { tags, attributes, text } = read(page)
    expect(tags.filter((name) => name === 'script')).toHaveLength(1)
    expect(tags).not.toContain('img')
    expect(attributes.filter(([, value]) => /^\s*javascript:/i.test(value))).toEqual([])
    expect(text).toContain('</script><img src=x onerror=alert(1)>&amp; "q" \'s\'')
    expect(page).not.toMatch(/[\u0000\u001b\u202e]/)
    expect(new Set(tags)).toEqual(new Set([...new Set(read(renderPage(checkOf([tame]))).tags), ...tags]))
  })

  it('escapes any text, in elements and in attributes', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), fc.constant(hostileText)), (text) => {
        const { tags, attributes } = read(html`<i title="${text}">${text}</i>`.markup)
        expect(tags).toEqual(['i'])
        expect(attributes.map(([name]) => name)).toEqual(['title'])
      }),
      { seed: 5, numRuns: 500 },
    )
  })

  it.each([
    ['https://a.example/"><b>', '<a href="https://a.example/%22%3E%3Cb%3E" rel="noreferrer">x</a>'],
    ['javascript:alert(1)', 'x'],
    ['file:///srv/mirror/a', 'x'],
    ['//a.example', 'x'],
    ['http://', 'x'],
    [undefined, 'x'],
  ])('links to %s', (url, markup) => expect(link(url, html`x`).markup).toBe(markup))
})

describe('words for days', () => {
  it.each([
    [1, '1 day'],
    [89, '89 days'],
    [120, '4 months'],
    [400, '13 months'],
    [1100, '3 years'],
  ])('%i are %s', (days, text) => expect(showDays(days)).toBe(text))

  it('say on which side of today', () => {
    const day = 86_400_000
    expect(showDistance(0, 0)).toBe('today')
    expect(showDistance(0, 5 * day)).toBe('in 5 days')
    expect(showDistance(0, -5 * day)).toBe('5 days ago')
  })
})

describe('the scale of the timeline', () => {
  it('keeps every moment between its edges, in order', () => {
    const moment = fc.integer({ min: 0, max: 4e12 })
    fc.assert(
      fc.property(fc.array(moment, { minLength: 2 }), moment, (moments, now) => {
        const scale = scaleOf(moments, now)
        const places = [...moments].sort((a, b) => a - b).map(scale)
        expect(Math.min(...places)).toBeGreaterThanOrEqual(0)
        expect(Math.max(...places)).toBeLessThanOrEqual(100)
        expect(places).toEqual([...places].sort((a, b) => a - b))
        expect(scale(now)).toBeGreaterThan(0)
        expect(scale(now)).toBeLessThan(100)
      }),
      { seed: 3, numRuns: 500 },
    )
  })
})

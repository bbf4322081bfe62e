import { createHash } from 'node:crypto'
import { formatDuration } from '../report/quantities.ts'
import type { CheckReport } from '../report/schemas.ts'
import { renderCatalogue } from './catalogue.ts'
import { showDay } from './days.ts'
import { type Html, html } from './html.ts'
import type { PageOptions } from './options.ts'
import { renderChanges, renderFigures, renderTroubles } from './overview.ts'
import { liveScript, script } from './script.ts'
import { style } from './style.ts'
import { renderTimeline } from './timeline.ts'

export function render(report: CheckReport, { live = false }: PageOptions = {}): string {
  const { started_at, images } = report
  const now = Date.parse(started_at)
  const code = live ? `${script}${liveScript}` : script
  const body = html`<header><h1>Image catalogue</h1>
<p class="quiet">${told(report, now)}</p>${live ? html`<p id="live" role="status"></p>` : html``}
${renderFigures(report, now)}</header>
<main>
${renderTroubles(report)}
${renderCatalogue(images, now)}
${renderTimeline(images, now)}
${renderChanges(images, now)}
</main>
<footer class="quiet"><p>Signed: the signature of the distribution's checksum file was verified. Checksum: what the distribution publishes is compared. First use: the distribution publishes none. Made by image-updater.</p></footer>`
  return page(body, code, live)
}

function told({ images, seconds }: CheckReport, now: number): Html {
  const files = new Set(images.map(({ file }) => file)).size
  const time = new Date(now).toISOString()
  const count = (number: number, unit: string) => `${number} ${unit}${number === 1 ? '' : 's'}`
  return html`Checked <time datetime="${time}">${showDay(now)}, ${time.slice(11, 16)} UTC</time> · ${count(images.length, 'image')} in ${count(files, 'file')} · took ${formatDuration(seconds)}`
}

const icon =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22%3E%3Ccircle cx=%228%22 cy=%228%22 r=%226%22 fill=%22none%22 stroke=%22%23378%22 stroke-width=%223%22/%3E%3C/svg%3E'

function page(body: Html, code: string, live: boolean): string {
  const policy = [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(code)}`,
    'img-src data:',
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="${icon}">
<title>Image catalogue</title>
<style>${style}</style></head>
<body>
${body.markup}
<script>${code}</script>
</body></html>
`
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

import { createHash } from 'node:crypto'
import type { Image } from '../image.ts'
import { renderPage } from '../page/page.ts'
import { formatDocument } from '../report/json.ts'
import { type Catalogue, listImages, standing } from './catalogue.ts'
import { describeRun, lastRun, type RunRecord, type Runs } from './runs.ts'

/** The parts of the service that answers are made of. */
export interface View {
  readonly runs: Runs
  readonly catalogue: Catalogue
  readonly now: () => Date
  nextRun(): Date | undefined
  /** The service is ending: no run begins any more. */
  isEnding(): boolean
}

/** A whole answer to a request. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The reaction to a method and a path. */
export type Route =
  | { readonly kind: 'answer'; readonly needsToken: boolean; answer(): Promise<Answer> | Answer }
  | { readonly kind: 'events' }
  | { readonly kind: 'refused'; readonly answer: Answer }

type Handler = (id: number) => Promise<Answer> | Answer

interface Resource {
  readonly path: RegExp
  readonly get: Handler
  /** Needs the token. */
  readonly post?: Handler
}

export function createRoutes(view: View): (method: string, path: string) => Route {
  const resources = resourcesOf(view)
  return (method, path) => {
    if (path === '/api/v1/events') return method === 'GET' ? { kind: 'events' } : notAllowed('GET')
    const resource = resources.find((one) => one.path.test(path))
    if (resource === undefined) return { kind: 'refused', answer: problem(404, 'There is nothing here') }
    const { get, post } = resource
    const isReading = method === 'GET' || method === 'HEAD'
    const handler = isReading ? get : method === 'POST' ? post : undefined
    if (handler === undefined) return notAllowed(post === undefined ? 'GET, HEAD' : 'GET, HEAD, POST')
    const id = Number(resource.path.exec(path)?.[1] ?? 0)
    return { kind: 'answer', needsToken: !isReading, answer: () => handler(id) }
  }
}

function notAllowed(allow: string): Route {
  return { kind: 'refused', answer: problem(405, `Only ${allow} can be asked here`, { allow }) }
}

/** `/api/v1/events` is not among them: it is no answer that ends. */
function resourcesOf(view: View): readonly Resource[] {
  const { runs, catalogue } = view
  const pageOf = createPages(view.now)
  const read = async (answer: (images: readonly Image[], error: unknown) => Answer): Promise<Answer> => {
    const { images, error } = await catalogue.read()
    return answer(images, error)
  }
  return [
    { path: /^\/$/, get: () => read((images) => page(pageOf(images, lastRun(runs)))) },
    { path: /^\/healthz$/, get: () => plain(200, 'ok\n') },
    { path: /^\/readyz$/, get: () => readiness(view) },
    { path: /^\/metrics$/, get: () => plain(200, formatServiceMetrics(view), metricsType) },
    {
      path: /^\/api\/v1\/images$/,
      get: () => read((images, error) => json(200, { images: listImages(images, lastRun(runs)), error })),
    },
    { path: /^\/api\/v1\/runs$/, get: () => listRuns(view), post: () => beginRun(view) },
    { path: /^\/api\/v1\/runs\/([1-9][0-9]{0,8})$/, get: (id) => showRun(runs.find(id)) },
  ]
}

async function readiness({ isEnding, catalogue }: View): Promise<Answer> {
  if (isEnding()) return plain(503, 'ending\n')
  const { error } = await catalogue.read()
  if (error === undefined) return plain(200, 'ok\n')
  return plain(503, `the catalogue cannot be read: ${error.code}\n`)
}

function listRuns({ runs, nextRun }: View): Answer {
  return json(200, { next_run_at: nextRun()?.toISOString(), runs: runs.records.map(describeRun) })
}

function showRun(record: RunRecord | undefined): Answer {
  if (record === undefined) return problem(404, 'There is no such run, or it is too long ago')
  return json(200, { ...describeRun(record), report: record.report })
}

function beginRun({ isEnding, runs }: View): Answer {
  if (isEnding()) return problem(503, 'The service is ending')
  const id = runs.start('request')
  if (id === undefined) return problem(409, 'A run goes on already, or its hooks are at work')
  return json(202, { id }, { location: `/api/v1/runs/${id}` })
}

/** The page for readers is made anew only if the catalogue or the runs have changed. */
function createPages(now: () => Date): (images: readonly Image[], run: RunRecord | undefined) => string {
  let last: { images: readonly Image[]; run: RunRecord | undefined; html: string } | undefined
  return (images, run) => {
    if (last?.images !== images || last.run !== run) {
      last = { images, run, html: renderPage(standing(images, run, now()), { live: true }) }
    }
    return last.html
  }
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus text (version 0.0.4): the service itself, and its last run as `--metrics-file` has it. */
function formatServiceMetrics({ runs, nextRun }: View): string {
  const isActive = runs.records.some(({ report }) => report === undefined)
  const due = Math.floor((nextRun()?.getTime() ?? 0) / 1000)
  return [
    gauge('run_active', 'Whether a run goes on.', Number(isActive)),
    gauge('next_run_timestamp_seconds', 'When the next scheduled run begins; 0: none does.', due),
    runs.records.find(({ metrics }) => metrics !== undefined)?.metrics ?? '',
  ].join('')
}

function gauge(name: string, help: string, value: number): string {
  const full = `image_updater_${name}`
  return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${full} ${value}\n`
}

function json(status: number, value: object, headers: Record<string, string> = {}): Answer {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body: formatDocument(value) }
}

function plain(status: number, body: string, type = 'text/plain; charset=utf-8'): Answer {
  return { status, headers: { 'content-type': type }, body }
}

export function problem(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return json(status, { error: { message } }, headers)
}

/** A page, and a policy that allows exactly the styles and scripts that stand in it. */
export function page(html: string): Answer {
  const policy = [
    "default-src 'none'",
    `style-src ${hashes(html, 'style')}`,
    `script-src ${hashes(html, 'script')}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy.join('; ') },
    body: html,
  }
}

function hashes(html: string, element: 'style' | 'script'): string {
  const contents = html.matchAll(new RegExp(`<${element}(?: [^>]*)?>(.*?)</${element}>`, 'gs'))
  const found = Array.from(contents, ([, text = '']) => {
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  })
  return found.length === 0 ? "'none'" : found.join(' ')
}

import { formatPlace } from '../errors.ts'
import { pagePolicy, renderPage } from '../page/page.ts'
import { formatDocument } from '../report/json.ts'
import { type Catalogue, catalogueReport, listImages } from './catalogue.ts'
import { describeRun, type Runs } from './runs.ts'

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

/** `events`: server-sent events, which do not end. */
export type Reply = Answer | 'events'

/** @param id the number in the path */
type Handler = (id: number) => Promise<Reply> | Reply

/** Handlers by method; whatever changes something is a POST. */
type Handlers = Readonly<Record<string, Handler>>

/** Returns what replies to a method and a path, or the answer of a refusal. */
export type Router = (method: string, path: string) => Answer | (() => Promise<Reply> | Reply)

export function createRouter(view: View): Router {
  const resources = resourcesOf(view)
  return (method, path) => {
    const found = resources.find(([pattern]) => pattern.test(path))
    if (found === undefined) return problem(404, 'There is nothing here')
    const [pattern, handlers] = found
    const handler = handlers[method]
    if (handler !== undefined) return () => handler(Number(pattern.exec(path)?.[1] ?? 0))
    const allow = Object.keys(handlers).join(', ')
    return problem(405, `Only ${allow} can be asked here`, { allow })
  }
}

function resourcesOf(view: View): readonly (readonly [path: RegExp, handlers: Handlers])[] {
  const { runs, catalogue, now } = view
  const showPage = async () => {
    const { images, error } = await catalogue.read()
    const place = error?.place && `${formatPlace(error.place)}: `
    const service = {
      now: now(),
      runs: runs.records,
      next: view.nextRun(),
      hasLooked: runs.last !== undefined,
      unreadable: error && `${place ?? ''}${error.message}`,
    }
    const { includeDisabled } = catalogue
    const report = catalogueReport(images, { run: runs.last, now: service.now, includeDisabled })
    const body = renderPage(report, { live: true, service })
    const policy = `${pagePolicy({ live: true })}; frame-ancestors 'none'`
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy }
    return { status: 200, headers, body }
  }
  const showImages = async () => {
    const { images, error } = await catalogue.read()
    return json(200, { images: listImages(images, runs.last), error })
  }
  return [
    [/^\/$/, reading(showPage)],
    [/^\/healthz$/, reading(() => plain(200, 'ok\n'))],
    [/^\/readyz$/, reading(() => readiness(view))],
    [/^\/metrics$/, reading(() => plain(200, formatServiceMetrics(view), metricsType))],
    [/^\/api\/v1\/images$/, reading(showImages)],
    [/^\/api\/v1\/runs$/, { ...reading(() => listRuns(view)), POST: () => beginRun(view) }],
    [/^\/api\/v1\/runs\/([1-9][0-9]{0,8})$/, reading((id) => showRun(view, id))],
    [/^\/api\/v1\/events$/, { GET: () => 'events' }],
  ]
}

function reading(handler: Handler): Handlers {
  return { GET: handler, HEAD: handler }
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

function showRun({ runs }: View, wanted: number): Answer {
  const record = runs.records.find(({ id }) => id === wanted)
  if (record === undefined) return problem(404, 'There is no such run, or it is too long ago')
  return json(200, { ...describeRun(record), report: record.report })
}

function beginRun({ isEnding, runs }: View): Answer {
  if (isEnding()) return problem(503, 'The service is ending')
  const id = runs.start('request')
  if (id === undefined) return problem(409, 'A run goes on already, or its hooks are at work')
  return json(202, { id }, { location: `/api/v1/runs/${id}` })
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

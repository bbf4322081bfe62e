import { type Answer, json, page, plain, problem } from './answers.ts'
import { lastRun, type Runs, runDocument } from './runs.ts'
import { imageDocuments, type Snapshot } from './snapshot.ts'

/** As much of the service as its answers are made of. */
export interface View {
  readonly runs: Runs
  snapshot(): Promise<Snapshot>
  nextRun(): Date | undefined
  /** The service is ending: no run begins any more. */
  isEnding(): boolean
  /** The id of a run that begins now; `undefined` where one goes on. */
  startRun(): number | undefined
  html(): Promise<string>
  metrics(): Promise<string>
}

type Handler = (view: View, id: number) => Promise<Answer> | Answer

interface Route {
  readonly path: RegExp
  readonly get?: Handler
  /** Needs the token. */
  readonly post?: Handler
}

/** `/api/v1/events` is not among them: it is no answer that ends. */
const routes: readonly Route[] = [
  { path: /^\/$/, get: async (view) => page(await view.html()) },
  { path: /^\/healthz$/, get: () => plain(200, 'ok\n') },
  { path: /^\/readyz$/, get: readiness },
  {
    path: /^\/metrics$/,
    get: async (view) => plain(200, await view.metrics(), 'text/plain; version=0.0.4; charset=utf-8'),
  },
  { path: /^\/api\/v1\/images$/, get: listImages },
  { path: /^\/api\/v1\/runs$/, get: listRuns, post: beginRun },
  { path: /^\/api\/v1\/runs\/([1-9][0-9]{0,8})$/, get: showRun },
]

/** What a path and a method lead to. */
export type Way =
  | { readonly kind: 'answer'; readonly needsToken: boolean; answer(view: View): Promise<Answer> }
  | { readonly kind: 'events' }
  | { readonly kind: 'refused'; readonly answer: Answer }

export function findRoute(method: string, path: string): Way {
  const reading = method === 'GET' || method === 'HEAD'
  if (path === '/api/v1/events') {
    return method === 'GET' ? { kind: 'events' } : { kind: 'refused', answer: notAllowed('GET') }
  }
  const route = routes.find((one) => one.path.test(path))
  if (route === undefined) return { kind: 'refused', answer: problem(404, 'There is nothing here') }
  const handler = reading ? route.get : method === 'POST' ? route.post : undefined
  if (handler === undefined) {
    const allowed = route.post === undefined ? 'GET, HEAD' : 'GET, HEAD, POST'
    return { kind: 'refused', answer: notAllowed(allowed) }
  }
  const id = Number(route.path.exec(path)?.[1] ?? 0)
  return { kind: 'answer', needsToken: !reading, answer: async (view) => handler(view, id) }
}

function notAllowed(allow: string): Answer {
  return problem(405, `Only ${allow} can be asked here`, { allow })
}

async function readiness(view: View): Promise<Answer> {
  if (view.isEnding()) return plain(503, 'ending\n')
  const { error } = await view.snapshot()
  return error === undefined
    ? plain(200, 'ok\n')
    : plain(503, `the catalogue cannot be read: ${error.code}\n`)
}

async function listImages(view: View): Promise<Answer> {
  const { images, error } = await view.snapshot()
  return json(200, { images: imageDocuments(images, lastRun(view.runs)), error })
}

function listRuns(view: View): Answer {
  return json(200, { next_run_at: view.nextRun()?.toISOString(), runs: view.runs.records.map(runDocument) })
}

function showRun(view: View, id: number): Answer {
  const record = view.runs.find(id)
  if (record === undefined) return problem(404, 'There is no such run, or it is too long ago')
  return json(200, { ...runDocument(record), report: record.report })
}

function beginRun(view: View): Answer {
  if (view.isEnding()) return problem(503, 'The service is ending')
  const id = view.startRun()
  if (id === undefined) return problem(409, 'A run goes on already, or its hooks are at work')
  return json(202, { id }, { location: `/api/v1/runs/${id}` })
}

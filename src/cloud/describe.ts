import { printable } from '../errors.ts'
import { type Change, carriedOut } from './change.ts'
import type { CloudImage } from './image.ts'
import type { Writer } from './marks.ts'
import type { CloudPlan, ImagePlan } from './plan.ts'
import { type Bring, claimOf, creationOf, describing, promote } from './promotion.ts'
import type { RetirementRules } from './retirement.ts'

/** A request to Glance, as a dry run shows it. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Glance has yet to give an id that stands as `{id}`. */
  readonly path: string
  readonly body?: unknown
  /** To what end: a sentence without a final full stop. */
  readonly about: string
}

/** How bytes come into Glance. */
export type ImportMethod = 'glance-direct' | 'upload' | 'web-download'

/** The plan call by call, in the order in which it is carried out; what is held is not among them. */
export function describePlan(
  { leftovers, images }: CloudPlan,
  method: ImportMethod,
  rules: Writer & RetirementRules,
): readonly Call[] {
  return [...leftovers.map(callOf), ...images.flatMap((plan) => describeImage(plan, method, rules))]
}

function describeImage(
  { repairs, brings, corrections, retirements }: ImagePlan,
  method: ImportMethod,
  rules: Writer & RetirementRules,
): readonly Call[] {
  return [
    ...repairs.map(callOf),
    ...brings.flatMap((bring) => describeBring(bring, method, rules)),
    ...corrections.map(callOf),
    ...retirements.filter(({ hold }) => hold === undefined).map(callOf),
  ]
}

/** The call that makes a change. */
export function callOf({ image, action, why }: Change): Call {
  const path = `/v2/images/${image.id}`
  const about = printable(`${image.name} ${why.join(', ')}`)
  switch (action.kind) {
    case 'patch':
      return { method: 'PATCH', path, body: action.operations, about }
    case 'remove':
      return { method: 'DELETE', path, about }
    case 'deactivate':
    case 'reactivate':
      return { method: 'POST', path: `${path}/actions/${action.kind}`, about }
  }
}

function describeBring(bring: Bring, method: ImportMethod, rules: Writer & RetirementRules): readonly Call[] {
  const { definition, version, record, displaces } = bring
  const draft = bring.resumes ?? draftOf(bring, rules)
  const described = describing(bring, draft, rules)
  const evidence = { definition: definition.image.name, version }
  const [proven = draft] = carriedOut([draft], [described])
  const promotion = promote(proven, { definition, record, evidence, displaces }, rules)
  return [
    ...claimOf(bring, rules).map(callOf),
    ...sendingOf(bring, draft, method, rules),
    callOf(described),
    ...promotion.map(callOf),
  ]
}

function sendingOf(
  bring: Bring,
  { id, status }: CloudImage,
  method: ImportMethod,
  writer: Writer,
): readonly Call[] {
  const path = `/v2/images/${id}`
  const { version, resumes } = bring
  const about = printable(`${bring.record.name}, version ${version.version}`)
  const create: Call = {
    method: 'POST',
    path: '/v2/images',
    body: creationOf(bring, writer),
    about: `A record for ${about}, private`,
  }
  const wait: Call = {
    method: 'GET',
    path,
    about: `Until it is active: ${about} is proven by its size and digest`,
  }
  if (status === 'active' && resumes !== undefined) return [wait]
  const source = version.mirrorUrl ?? version.url
  const send: readonly Call[] =
    version.id !== undefined || method === 'upload'
      ? [{ method: 'PUT', path: `${path}/file`, about: `The bytes of ${source}, verified on their way` }]
      : method === 'glance-direct'
        ? [
            { method: 'PUT', path: `${path}/stage`, about: `The bytes of ${source}, verified on their way` },
            importOf(path, { name: method }),
          ]
        : [importOf(path, { name: method, uri: source })]
  return [...(resumes === undefined ? [create] : []), ...send, wait]
}

function importOf(path: string, method: Readonly<Record<string, string | undefined>>): Call {
  return { method: 'POST', path: `${path}/import`, body: { method }, about: 'What was sent is taken over' }
}

/** The image as it will be when its bytes are there. */
function draftOf(bring: Bring, writer: Writer): CloudImage {
  const { version, record } = bring
  const created = creationOf(bring, writer)
  const texts = Object.entries(created).filter(([key]) => key.startsWith('image_updater_'))
  return {
    id: version.id ?? '{id}',
    name: String(created.name),
    status: 'active',
    visibility: 'private',
    isHidden: false,
    isProtected: false,
    owner: undefined,
    size: undefined,
    minDisk: record.minDisk,
    minRam: record.minRam,
    diskFormat: record.diskFormat,
    containerFormat: record.containerFormat,
    tags: [],
    hash: undefined,
    createdAt: writer.now,
    updatedAt: writer.now,
    properties: Object.fromEntries(texts) as Record<string, string>,
  }
}

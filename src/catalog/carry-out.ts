import { asUpdaterError, UpdaterError } from '../errors.ts'
import { type CatalogDocument, openDocument } from './document.ts'
import { uneditable } from './entry.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import { type Exceptions, isSameBut } from './same.ts'
import { applySplices, type Splice } from './splice.ts'

/** How one image is to be edited. */
export interface Plan {
  readonly image: CatalogMap
  readonly splices: readonly Splice[]
  /** Does the image as it is read again hold what was planned, and all else that it held? */
  isDone(after: CatalogNode): boolean
}

/** What became of several edits of one text. */
export interface Edited<Edit> {
  readonly text: string
  readonly applied: readonly Edit[]
  readonly failed: readonly { readonly edit: Edit; readonly error: UpdaterError }[]
}

/** Plans an edit of the document. @throws UpdaterError where it cannot be made */
export type Planner<Edit> = (edit: Edit) => Plan

/**
 * Edits a text at the splices that are planned for each edit. The result is read again and compared with the
 * plans; an edit that cannot be made does not keep the others from being made.
 * @throws UpdaterError CATALOG_SYNTAX: the text is no catalogue
 */
export function carryOut<Edit>(
  path: string,
  text: string,
  edits: readonly Edit[],
  plannerOf: (document: CatalogDocument) => Planner<Edit>,
): Edited<Edit> {
  const document = openDocument(path, text)
  const planner = plannerOf(document)
  const failed: { edit: Edit; error: UpdaterError }[] = []
  const planned: Planned<Edit>[] = []
  for (const edit of edits) {
    try {
      planned.push({ edit, plan: planner(edit) })
    } catch (error) {
      failed.push({ edit, error: asUpdaterError(error) })
    }
  }
  const edited = carryOutPlans(document, planned, plannerOf)
  return { ...edited, failed: [...failed, ...edited.failed] }
}

interface Planned<Edit> {
  readonly edit: Edit
  readonly plan: Plan
}

/** Where the result is not as planned, halves are tried, until those that spoil it stand alone. */
function carryOutPlans<Edit>(
  document: CatalogDocument,
  planned: readonly Planned<Edit>[],
  plannerOf: (document: CatalogDocument) => Planner<Edit>,
): Edited<Edit> {
  const effective = planned.filter(({ plan }) => plan.splices.length > 0)
  const applied = planned.map(({ edit }) => edit)
  const text = applyPlans(
    document,
    effective.map(({ plan }) => plan),
  )
  if (text !== undefined) return { text, applied, failed: [] }
  const [single] = effective
  if (effective.length === 1 && single !== undefined) {
    const { edit, plan } = single
    const error = uneditable(document, plan.image.range[0], 'more than the planned values would change')
    return {
      text: document.text,
      applied: applied.filter((other) => other !== edit),
      failed: [{ edit, error }],
    }
  }
  const middle = Math.ceil(planned.length / 2)
  const first = carryOutPlans(document, planned.slice(0, middle), plannerOf)
  const edits = planned.slice(middle).map(({ edit }) => edit)
  const second = carryOut(document.path, first.text, edits, plannerOf)
  return {
    text: second.text,
    applied: [...first.applied, ...second.applied],
    failed: [...first.failed, ...second.failed],
  }
}

function applyPlans(document: CatalogDocument, plans: readonly Plan[]): string | undefined {
  if (plans.length === 0) return document.text
  const text = applySplices(
    document.text,
    plans.flatMap(({ splices }) => splices),
  )
  if (text === undefined) return undefined
  try {
    const exceptions: Exceptions = new Map(plans.map(({ image, isDone }) => [image, isDone]))
    return isSameBut(document.root, openDocument(document.path, text).root, exceptions) ? text : undefined
  } catch (error) {
    if (error instanceof UpdaterError) return undefined
    throw error
  }
}

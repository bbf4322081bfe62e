import type { Command } from 'commander'
import type { UpdaterError } from '../errors.ts'
import {
  bareRefusalDocument,
  errorOf,
  formatDocument,
  type Refusal,
  type RefusalDocument,
  refusalDocument,
} from '../report/json.ts'
import { formatRefusalJunit } from '../report/junit.ts'
import { formatRefusalMetrics } from '../report/metrics.ts'
import { formatRefusalMarkdown } from '../report/run-markdown.ts'
import { type Faces, writeFiles } from './files.ts'
import { readFlags } from './flags.ts'
import { errorLines, errorsOf, openLog } from './log.ts'
import type { FileFlags, OutputFlags, SharedFlags } from './options.ts'
import { redactDeep } from './redact.ts'
import type { Session } from './session.ts'

/** Says why nothing was done, in every form that was asked for. */
export async function reportRefusal(error: UpdaterError, program: Command, session: Session): Promise<void> {
  const { context, args, redact, startedAt } = session
  const command = program.commands.find((one) => one.name() === session.command) ?? program
  const flags = readFlags<OutputFlags & FileFlags & SharedFlags>(command).values
  const { log } = openLog(session, flags)
  const errors = errorsOf(error)
  for (const line of errors.flatMap((one) => errorLines(one, session.command))) log.write(line)
  const seconds = (context.now().getTime() - startedAt.getTime()) / 1000
  const refusal = { startedAt, seconds, dryRun: args.includes('--dry-run'), errors }
  const faces = facesOf(redactDeep(await documentOf(refusal, session), redact), session)
  if (flags.output === 'json') context.stdout.write(faces.json())
  await writeFiles(flags, faces).catch(() => {})
}

/** A command that has a published report says it in that: one without results. */
async function documentOf(
  refusal: Refusal,
  { command, args, exitStatus }: Session,
): Promise<Omit<RefusalDocument, 'command'>> {
  switch (command) {
    case 'update':
      return refusalDocument(refusal, exitStatus)
    case 'check': {
      const { checkRefusalDocument } = await import('../report/check-json.ts')
      return checkRefusalDocument(refusal, exitStatus)
    }
    case 'mirror': {
      const { mirrorRefusalDocument } = await import('../report/mirroring-json.ts')
      return mirrorRefusalDocument(refusal, exitStatus)
    }
    case 'verify': {
      const { verifyRefusalDocument } = await import('../report/verification-json.ts')
      return verifyRefusalDocument({ ...refusal, full: args.includes('--full') }, exitStatus)
    }
    case 'prune': {
      const { pruneRefusalDocument } = await import('../report/pruning-json.ts')
      return pruneRefusalDocument({ ...refusal, remove: args.includes('--yes') }, exitStatus)
    }
    default:
      return bareRefusalDocument(command, refusal, exitStatus)
  }
}

function facesOf(document: Omit<RefusalDocument, 'command'>, { command, startedAt }: Session): Faces {
  const { errors, seconds, started_at } = document
  return {
    json: () => formatDocument(document),
    junit: () => formatRefusalJunit(command, errors.map(errorOf), { startedAt: started_at, seconds }),
    markdown: () => formatRefusalMarkdown(errors.map(errorOf)),
    metrics: () => formatRefusalMetrics(command, startedAt, seconds),
  }
}

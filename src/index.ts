export { type ErrorCode, errorCodes, type Place, UpdaterError } from './errors.ts'
export type { ImageRef, ImageStatus, ImageStep, Listener, RunEvent } from './events.ts'
export type { Trust, VersionValues } from './image.ts'
export type {
  FileChange,
  ImageOutcome,
  MirrorOutcome,
  OutcomeError,
  OutcomeValues,
  RunReport,
  RunSummary,
} from './report/outcome.ts'
export {
  type MirrorOptions,
  type SourceRule,
  type SourceSignature,
  type StrategyName,
  strategyNames,
  type UpdateOptions,
} from './update/options.ts'
export { type RunContext, updateCatalogue } from './update/run.ts'

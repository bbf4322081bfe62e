import type { proposeChanges as Propose } from './propose/propose.ts'
import type { serveCatalogue as Serve } from './serve/serve.ts'

export type { Shard } from './catalog/shard.ts'
export type { CheckOptions } from './check/check.ts'
export { loadConfiguration } from './config/load.ts'
export type { Configuration, FileValue } from './config/types.ts'
export { type DiffOptions, diffCatalogues } from './diff/diff.ts'
export { fetchListing } from './discovery/listing.ts'
export { fetchManifest, listedFile, type Manifest } from './discovery/manifest.ts'
export {
  type FeedPaths,
  type ImageOverride,
  type KeepVersions,
  type SourceRule,
  type SourceSignature,
  type StrategyName,
  strategyNames,
} from './discovery/options.ts'
export type { OwnResolver, ResolverContext, Search, Strategy } from './discovery/resolver.ts'
export { type ErrorCode, errorCodes, type Place, UpdaterError } from './errors.ts'
export type { ImageRef, ImageStatus, ImageStep, Listener, RunEvent } from './events.ts'
export { type HookContext, type HookOptions, runHooks } from './hooks/hooks.ts'
export type { WebhookOptions } from './hooks/webhook.ts'
export type { Build, Digest, Image, Trust, VersionValues } from './image.ts'
export {
  type InitFile,
  type InitOptions,
  initCatalogue,
  type ShippedSummary,
  shippedCatalogue,
} from './init/init.ts'
export { type EndOfLife, endOfLife } from './lifecycle/end-of-life.ts'
export type { LifecycleSources } from './lifecycle/fetch.ts'
export { checkLifecycle, type LifecycleContext, type LifecycleOptions } from './lifecycle/lifecycle.ts'
export type { LifecycleData, Release } from './lifecycle/releases.ts'
export { snapshot as lifecycleSnapshot } from './lifecycle/snapshot.ts'
export { listCatalogue } from './list/list.ts'
export { mirrorCatalogue } from './mirror/mirror.ts'
export type { CatalogueOptions } from './options.ts'
export { type PageOptions, renderPage } from './page/page.ts'
export type { ServiceRuns, ShownRun } from './page/runs.ts'
export type { ForgeOptions } from './propose/forge.ts'
export type { ProposeOptions, ProposeOutcome } from './propose/propose.ts'
export { type PruneOptions, pruneMirror } from './prune/prune.ts'
export { type InspectOptions, inspectClouds } from './publish/inspect.ts'
export type { PublishOptions } from './publish/options.ts'
export { publishCatalogue } from './publish/publish.ts'
export { exitStatusOf } from './report/exit-status.ts'
export { toJson, toMarkdown } from './report/faces.ts'
export { parseReport } from './report/json.ts'
export type {
  CatalogueDiff,
  CheckedImage,
  CheckReport,
  CheckStatus,
  CheckSummary,
  CloudCall,
  CloudFinding,
  CloudImageOutcome,
  CloudOutcome,
  DiffVersion,
  FieldChange,
  FileChange,
  Finding,
  ImageDiff,
  ImageOutcome,
  LifecycleImage,
  LifecycleRelease,
  LifecycleReport,
  LifecycleStatus,
  ListedImage,
  ListReport,
  MirroredVersion,
  MirrorOutcome,
  MirrorReport,
  MirrorState,
  MirrorSummary,
  OutcomeError,
  OutcomeValues,
  PrunedObject,
  PruneReport,
  PublishReport,
  RunReport,
  RunSummary,
  Severity,
  UnmirroredReason,
  ValidationReport,
  Verdict,
  VerifiedUrl,
  VerifiedVersion,
  VerifyReport,
} from './report/schemas.ts'
export type {
  CloudOptions,
  DiscoveryOptions,
  RunOptions,
  SkipRule,
  UpdateOptions,
} from './run/options.ts'
export type { RunContext } from './run/run.ts'
export type {
  ServeContext,
  ServeEvent,
  ServeListener,
  ServeOptions,
  Service,
  Trigger,
} from './serve/options.ts'
export type { GivenMirror, MirrorOptions } from './stores/kinds.ts'
export { kindOfKey as objectKind } from './stores/naming.ts'
export type {
  ListedObject,
  ObjectRecord,
  Stale,
  Store,
  StoredObject,
  Upload,
  UploadIntent,
} from './stores/store.ts'
export { type ValidateContext, type ValidateOptions, validateCatalogue } from './validate/validate.ts'
export { type VerifyOptions, verifyCatalogue } from './verify/verify.ts'
export { checkCatalogue } from './way/check.ts'
export { updateCatalogue } from './way/update.ts'

/** See `src/propose/propose.ts`, which is loaded by the first call: no run needs it. */
export const proposeChanges: typeof Propose = async (options) => {
  const { proposeChanges } = await import('./propose/propose.ts')
  return proposeChanges(options)
}

/** See `src/serve/serve.ts`, which is loaded by the first call: no run needs it. */
export const serveCatalogue: typeof Serve = async (load, context) => {
  const { serveCatalogue } = await import('./serve/serve.ts')
  return serveCatalogue(load, context)
}

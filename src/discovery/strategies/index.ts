import type { StrategyName } from '../options.ts'
import type { Strategy } from '../resolver.ts'
import { datedFolder, versionFile } from './dated-folder.ts'
import { document } from './document.ts'
import { feed } from './feed.ts'
import { manifest } from './manifest.ts'
import { firstUse, placeholder } from './placeholder.ts'
import { pointer } from './pointer.ts'

export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  placeholder,
  'dated-folder': datedFolder,
  'version-file': versionFile,
  manifest,
  document,
  feed,
  pointer,
  'first-use': firstUse,
}

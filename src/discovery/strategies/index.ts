import type { Strategy } from '../resolver.ts'
import type { StrategyName } from '../source-rule.ts'
import { datedFolderStrategy } from './dated-folder.ts'
import { documentStrategy } from './document.ts'
import { firstUseStrategy } from './first-use.ts'
import { manifestStrategy } from './manifest.ts'
import { placeholderStrategy } from './placeholder.ts'
import { pointerStrategy } from './pointer.ts'
import { versionFileStrategy } from './version-file.ts'

/** The shared strategies, each as it is without anything of a distribution's own. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  placeholder: placeholderStrategy(),
  'dated-folder': datedFolderStrategy,
  'version-file': versionFileStrategy,
  manifest: manifestStrategy,
  document: documentStrategy(),
  pointer: pointerStrategy,
  'first-use': firstUseStrategy(),
}

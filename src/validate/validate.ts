import { readTexts } from '../catalog/read.ts'
import { matchesNames, selectImages } from '../catalog/select.ts'
import { isoDay } from '../discovery/stamp.ts'
import { assertOptions, settleCatalogue, withDefaults } from '../options.ts'
import type { Finding, ValidationReport } from '../report/schemas.ts'
import { type Profile, scsRules } from '../rules.ts'
import type { CheckedImage } from './image.ts'
import { inspectFile } from './inspect.ts'
import { judgeCatalogue, judgePacked } from './judge.ts'
import { readRecordedSource } from './recorded.ts'
import { FileFindings, findingOf, type ReportFinding } from './rules.ts'
import { judgeUniqueness, missingStandardImages } from './scs.ts'

export interface ValidateOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. Default: `/etc/images`. */
  readonly images?: readonly string[] | undefined
  /** Only findings in images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
  /**
   * `upstream`: Image Manager's schema; `scs`: the rules of SCS-0102 and SCS-0104, a mandatory one that is broken is an
   * error; `upstream+scs`: both, what SCS asks is a warning. Default: `upstream+scs`.
   */
  readonly profile?: Profile | undefined
  /** Warnings count as errors. Default: false. */
  readonly strict?: boolean | undefined
  /** Rules that are switched off: what they find is counted, but not told. Default: none. */
  readonly ignoreRule?: readonly string[] | undefined
  /** Folders of this machine whose files may be read where a catalogue names them by `file:`. Default: none. */
  readonly fileRoot?: readonly string[] | undefined
}

export interface ValidateContext {
  /** Default: the system's clock. A build date after it is one that is yet to come. */
  readonly now?: (() => Date) | undefined
}

/**
 * Compares catalogue files with OpenStack Image Manager's schema and with common sense. Whatever is wrong is
 * a finding, also in files that cannot be used at all; nothing is asked over the network.
 * @throws UpdaterError CATALOG_NOT_FOUND: a path leads to no file; USAGE: a name selects nothing; CONFIGURATION: an
 * option is none
 */
export async function validateCatalogue(
  options: ValidateOptions = {},
  context: ValidateContext = {},
): Promise<ValidationReport> {
  assertOptions(context, 'The context')
  const { now = () => new Date() } = context
  const { strict, profile, ignoreRule = [], fileRoot } = withDefaults('validate', options)
  const { images: paths, names } = settleCatalogue(options)
  const texts = await readTexts(paths)
  const today = isoDay(now())
  const files = texts.map(({ path, text, defect }) => {
    if (defect?.code === 'CATALOG_NOT_FOUND') throw defect
    if (defect === undefined) {
      const isMeant = (image: CheckedImage) => names.length === 0 || matchesNames(image, names)
      return { path, ...inspectFile(path, text, today, profile, isMeant) }
    }
    const finding = findingOf('unreadable-file', { file: path }, defect.message, defect.remedy)
    return { path, images: [], findings: [finding] }
  })
  const images = files.flatMap((file) => file.images)
  const together = new Map(files.map(({ path }) => [path, new FileFindings()]))
  const reportFor = ({ file, name }: CheckedImage): ReportFinding =>
    together.get(file)?.reportOf(name) ?? (() => {})
  judgeCatalogue(images, reportFor)
  const recorded = await readRecorded(images, fileRoot)
  judgePacked(images, reportFor, (url) => recorded.get(url))
  if (profile !== 'upstream') judgeUniqueness(images, reportFor)
  const findings = files.flatMap((file) => [...file.findings, ...(together.get(file.path)?.all ?? [])])
  // A catalogue may be one of several, so only who asks for SCS alone is told what a whole cloud has to have.
  if (profile === 'scs') {
    for (const name of missingStandardImages(images)) {
      findings.push(
        findingOf(
          'scs-0104-image',
          { file: files[0]?.path ?? '' },
          `No image is the standard image "${name}"`,
        ),
      )
    }
  }
  const selected = selectImages(files, names)
  const found = concerning(selected, images, findings)
  const wanted = found.filter(({ rule }) => !ignoreRule.includes(rule))
  const inOrder = files.flatMap(({ path }) =>
    wanted
      .filter(({ file }) => file === path)
      .map(
        (finding): Finding =>
          strict || (profile === 'scs' && finding.rule in scsRules.mandatory)
            ? { ...finding, severity: 'error' }
            : finding,
      )
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
  )
  const errors = inOrder.filter(({ severity }) => severity === 'error').length
  const warnings = inOrder.length - errors
  return {
    schema_version: 1,
    summary: { files: files.length, images: selected.length, errors, warnings },
    findings: inOrder,
    ignored: [...new Set(ignoreRule)].map((rule) => ({
      rule,
      findings: found.filter((finding) => finding.rule === rule).length,
    })),
  }
}

/** By `mirror_url`, of mirrors in folders of this machine alone. */
async function readRecorded(
  images: readonly CheckedImage[],
  fileRoots: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const urls = images.flatMap(({ versions }) => versions.flatMap(({ texts }) => texts.mirror_url?.text ?? []))
  const recorded = new Map<string, string>()
  for (const url of urls.filter((one) => one.startsWith('file:') && URL.canParse(one))) {
    const source = await readRecordedSource(url, fileRoots)
    if (source !== undefined) recorded.set(url, source)
  }
  return recorded
}

/** Findings in the selected images; what is in no image may concern any. */
function concerning(
  selected: readonly CheckedImage[],
  images: readonly CheckedImage[],
  findings: readonly Finding[],
): Finding[] {
  const keyOf = (file: string, name = '') => JSON.stringify([file, name])
  const keysOf = (some: readonly CheckedImage[]) => new Set(some.map(({ file, name }) => keyOf(file, name)))
  const [meant, known] = [keysOf(selected), keysOf(images)]
  return findings.filter(({ file, image }) => {
    const key = keyOf(file, image)
    return meant.has(key) || !known.has(key)
  })
}

/**
 * Natural order: runs of ASCII digits compare by number, whatever their length; all else by code unit. What marks a
 * build before the release comes before the end of the name: `1.0~2`, `1.0-alpha`, `1.0_beta.1` and `1.0-rc5` before
 * `1.0`, and that before `1.0.1`. `-999` comes before `-1000`, `.9` before `.10`. A total order: 0 only for equal
 * texts.
 */
export function compareNatural(a: string, b: string): number {
  const left = partsOf(a)
  const right = partsOf(b)
  for (let position = 0; position < Math.max(left.length, right.length); position += 1) {
    const order = compareParts(left[position], right[position])
    if (order !== 0) return order
  }
  return compareText(a, b)
}

/**
 * Natural order of what a distribution calls its builds. What is in front of the first digit counts last, so that
 * `generic_x-3.23.5` comes before `x-3.23.6`, and extensions count only if all else is equal, so that
 * `x-20260714.img` comes before its respin `x-20260714.1.img`.
 */
export function compareFileNames(a: string, b: string): number {
  const [left, right] = [withoutExtensions(a), withoutExtensions(b)]
  return (
    compareNatural(fromFirstDigit(left), fromFirstDigit(right)) ||
    compareNatural(left, right) ||
    compareNatural(a, b)
  )
}

/** Does a name say that its build came before a release, as `-rc1`, `_beta` and `~` do? */
export function isPrerelease(name: string): boolean {
  return partsOf(name).some((part) => rankOf(part) < 0)
}

/** Numbers; words, each with what separates it from the part before; and separators that no word follows. */
function partsOf(text: string): readonly string[] {
  return text.match(/\d+|[^\da-z]*[a-z]+|[^\da-z]+/gi) ?? []
}

/** In their order. `.r` is OPNsense's mark of a candidate (`26.7.r1`). */
const prereleases = [
  /^~/,
  /^[-_.+]?dev$/i,
  /^[-_.+]?alpha$/i,
  /^[-_.+]?beta$/i,
  /^[-_.+]?pre(?:release)?$/i,
  /^[-_.+]?rc$|^\.r$/i,
]

/** Negative for what comes before the end of a name, 0 for the end, else 1. */
function rankOf(part: string | undefined): number {
  if (part === undefined) return 0
  const mark = prereleases.findIndex((prerelease) => prerelease.test(part))
  return mark === -1 ? 1 : mark - prereleases.length
}

function compareParts(a: string | undefined, b: string | undefined): number {
  const order = rankOf(a) - rankOf(b)
  if (order !== 0 || a === undefined || b === undefined) return order
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareText(a, b)
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  return left.length - right.length || compareText(left, right)
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function fromFirstDigit(name: string): string {
  return /\d.*/s.exec(name)?.[0] ?? ''
}

function withoutExtensions(name: string): string {
  const parts = name.split('.')
  while (parts.length > 1 && /^[a-z_][a-z0-9_]*$/i.test(parts.at(-1) ?? '')) parts.pop()
  return parts.join('.')
}

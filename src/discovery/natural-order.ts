/**
 * Natural order: runs of ASCII digits compare by number, whatever their length; all else by code unit.
 * `-999` comes before `-1000`, `.9` before `.10`. A total order: 0 only for equal texts.
 */
export function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  for (const [position, part] of left.entries()) {
    const other = right[position]
    if (other === undefined) return 1
    const order = compareParts(part, other)
    if (order !== 0) return order
  }
  return left.length - right.length || compareText(a, b)
}

/**
 * Natural order of file names: extensions count only if all else is equal, so that `x-20260714.img`
 * comes before its respin `x-20260714.1.img`.
 */
export function compareFileNames(a: string, b: string): number {
  return compareNatural(withoutExtensions(a), withoutExtensions(b)) || compareNatural(a, b)
}

function compareParts(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareText(a, b)
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  return left.length - right.length || compareText(left, right)
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function withoutExtensions(name: string): string {
  const parts = name.split('.')
  while (parts.length > 1 && /^[a-z_][a-z0-9_]*$/i.test(parts.at(-1) ?? '')) parts.pop()
  return parts.join('.')
}

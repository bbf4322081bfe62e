/** Up to three known words that `word` may stand for by mistake, the closest first. */
export function closest(word: string, known: Iterable<string>): string[] {
  const wanted = word.toLowerCase().slice(0, 64)
  if (wanted === '') return []
  return [...known]
    .map((label) => ({ label, distance: distanceTo(wanted, label.toLowerCase().slice(0, 64)) }))
    .filter(({ distance }) => distance <= Math.max(1, wanted.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ label }) => label)
}

/**
 * Levenshtein distance in which two neighbours that changed places are one step; a label that contains the wanted text
 * is one step away.
 */
function distanceTo(wanted: string, label: string): number {
  if (label === wanted) return 0
  if (label.includes(wanted)) return 1
  let before: number[] = []
  let row = Array.from({ length: label.length + 1 }, (_, index) => index)
  for (let i = 1; i <= wanted.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= label.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (label[j - 1] === wanted[i - 1] ? 0 : 1)
      const isSwapped = label[j - 1] === wanted[i - 2] && label[j - 2] === wanted[i - 1]
      const swap = isSwapped ? (before[j - 2] ?? 0) + 1 : substitution
      next.push(Math.min(substitution, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row.at(-1) ?? 0
}

/** Each repetition together with the first of the same text. */
export function repetitionsOf<T extends { readonly text: string }>(all: readonly T[]): (readonly [T, T])[] {
  const firsts = new Map<string, T>()
  return all.flatMap((one) => {
    const first = firsts.get(one.text)
    if (first !== undefined) return [[first, one] as const]
    firsts.set(one.text, one)
    return []
  })
}

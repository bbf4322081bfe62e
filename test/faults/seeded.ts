/** Park and Miller's generator: the same numbers in every run, from 0 up to, but not including, 1. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

/** Names that are listed; the others are counted. */
const listed = 8

/** `a, b, c and 4 more`. */
export function formatNames(names: readonly string[]): string {
  const more = names.length - listed
  return more > 0 ? `${names.slice(0, listed).join(', ')} and ${more} more` : names.join(', ')
}

/**
 * What a warning says, whichever file of a server it names: for what follows the hosts of its URLs stands `…`. Warnings of
 * one kind are told once, with the number of all.
 */
export function kindOfWarning(warning: string): string {
  return warning.replaceAll(/(\bhttps?:\/\/[^\s/]+)[^\s,;:)]*/gi, '$1/…')
}

/** A warning that several have. */
interface Repeated {
  readonly warning: string
  readonly first: string
  /** The others that have it, without repetitions. */
  readonly others: ReadonlySet<string>
}

/** Counts the warnings of a run by their kinds. */
export class Repetitions {
  readonly #kinds = new Map<string, Repeated & { readonly others: Set<string> }>()

  /** Counts a warning, and says whether one of its kind has been counted before. @param name who has it */
  add(warning: string, name: string): 'first' | 'repeated' {
    const kind = kindOfWarning(warning)
    const known = this.#kinds.get(kind)
    if (known === undefined) this.#kinds.set(kind, { warning, first: name, others: new Set() })
    else if (known.first !== name) known.others.add(name)
    return known === undefined ? 'first' : 'repeated'
  }

  /** Returns the names of the others that have it. */
  othersOf(warning: string): readonly string[] {
    return [...(this.#kinds.get(kindOfWarning(warning))?.others ?? [])]
  }

  /** Returns the warnings that more than one has, in the order of the first ones. */
  all(): readonly Repeated[] {
    return [...this.#kinds.values()].filter(({ others }) => others.size > 0)
  }
}

interface Warned {
  readonly name: string
  readonly shortname?: string | undefined
  readonly warnings: readonly string[]
}

/** Returns the images with their warnings as they are told: each kind at its first image alone, with the others' names. */
export function tellOnce<Image extends Warned>(images: readonly Image[]): Image[] {
  const repetitions = new Repetitions()
  const first = images.map((image) => {
    const { name, shortname = name } = image
    return image.warnings.filter((warning) => repetitions.add(warning, shortname) === 'first')
  })
  const told = (warning: string) => {
    const others = repetitions.othersOf(warning)
    if (others.length === 0) return warning
    return `${warning} (the same of ${others.length} more: ${formatNames(others)})`
  }
  return images.map((image, index) => ({ ...image, warnings: first[index]?.map(told) ?? [] }))
}

import type { Image } from '../image.ts'
import { renderPage } from '../page/page.ts'
import type { RunRecord } from './runs.ts'
import { standing } from './standing.ts'

/** The page for readers: made anew only when the catalogue or the runs have changed. */
export interface Pages {
  get(images: readonly Image[], run: RunRecord | undefined): string
}

export function createPages(now: () => Date): Pages {
  let last: { images: readonly Image[]; run: RunRecord | undefined; html: string } | undefined
  return {
    get: (images, run) => {
      if (last?.images !== images || last.run !== run) {
        last = { images, run, html: renderPage(standing(images, run, now()), { live: true }) }
      }
      return last.html
    },
  }
}

import { printable } from '../errors.ts'
import { escapeMarkup } from '../markup.ts'

/** Markup that is safe to put into a page. */
export interface Html {
  readonly markup: string
}

type Value = Html | readonly Html[] | string | number | undefined | false

/** Markup with its values escaped; `undefined` and `false` add nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const parts = strings.map((text, index) => (index === 0 ? '' : toMarkup(values[index - 1])) + text)
  return { markup: parts.join('') }
}

function toMarkup(value: Value): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'object') {
    return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
  }
  return escapeMarkup(printable(String(value)))
}

/** A link if the URL is a web address, else the text alone. */
export function link(url: string | undefined, text: Html): Html {
  if (url === undefined || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return text
  return html`<a href="${new URL(url).href}" rel="noreferrer">${text}</a>`
}

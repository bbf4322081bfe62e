import type { Scalar } from 'yaml'

/** How a value is written: on its own (`plain`), or in quotes. */
export type Style = 'plain' | 'single' | 'double'

export function styleOf(type: Scalar.Type | undefined): Style {
  if (type === 'QUOTE_DOUBLE') return 'double'
  return type === 'QUOTE_SINGLE' ? 'single' : 'plain'
}

/**
 * `value` as a one-line scalar that readers of YAML 1.1 and of YAML 1.2 take for the same text, in `style`
 * where that is possible.
 */
export function renderText(value: string, style: Style, inFlow: boolean): string {
  if (style === 'plain' && isPlainText(value, inFlow)) return value
  if (
    style !== 'double' &&
    !/[^\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(value)
  ) {
    return `'${value.replaceAll("'", "''")}'`
  }
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * Is it text without quotes, for certain? What begins with a digit, a sign or a dot may be a number, a
 * date or a time of day for one of the readers, and the listed words may be a boolean or nothing.
 */
export function isPlainText(value: string, inFlow: boolean): boolean {
  const characters = inFlow
    ? /^[A-Za-z/][\w./:#@!$&'()*+;=%~?-]*$/
    : /^[A-Za-z/][\w./:#@!$&'()*+;=%~?,[\]{}|^"\\<>-]*$/
  return (
    characters.test(value) && !value.endsWith(':') && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
  )
}

/** A date that YAML readers take for one: `YYYY-MM-DD`, and a day that exists. */
export function isDate(value: string): boolean {
  // A day that its month does not have becomes one of the next month.
  return /^\d{4}-\d\d-\d\d$/.test(value) && new Date(value).getUTCDate() === Number(value.slice(8))
}

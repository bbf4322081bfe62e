/** Takes secrets out of a text. */
export type Redact = (text: string) => string

const userinfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"<>]*@/gi
/** What may be a URL, or the part of one: errors print paths without their host. */
const token = /[^\s"<>]+/g
const parameter = /([?&#](?:amp;)?)([^=&?#]+)=([^&#]*)/g
const bare = /([?&](?:amp;)?)([^=&?#]+)(?=[&#]|$)/g

/** Names of parameters that listings, forges and key servers have; whatever else a query says may open something. */
const harmless =
  /^(?:arch|architecture|[cof]|order|order_by|sort|direction|version|release|page|per_page|limit|max-keys|list-type|delimiter|prefix|format|inline|op|options|ref|raw|download|mirrorlist)$/i
/** A value of such a parameter is a word; longer ones are what it should not be. */
const word = /^[\w./~:,-]{0,64}$/
const hidden = '***'

/**
 * The last gate before anything leaves the program: userinfo of URLs and the values of their queries go, but for
 * those of harmless names, and so does every known secret wherever it stands. A secret below 8 characters is too common
 * a word to be looked for.
 */
export function createRedact(secrets: readonly string[]): Redact {
  const known = secrets
    .filter((secret) => secret.length >= 8)
    .flatMap((secret) => [secret, ...percentEncoded(secret), JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length)
  return (text) => {
    const plain = known.reduce((rest, secret) => rest.replaceAll(secret, hidden), text)
    return plain.replace(userinfo, '$1').replace(token, withoutQuery)
  }
}

function percentEncoded(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret)
  return [encoded, encoded.replace(/%../g, (code) => code.toLowerCase())]
}

/** Where the query of a URL begins: a question mark in the pattern of a catalogue's URL begins none. */
export function queryStart(text: string): number {
  let start = 0
  for (const part of text.split(/(HEREBE.*?DRAGONS)/)) {
    const at = part.startsWith('HEREBE') ? -1 : part.search(/[?&#]/)
    if (at !== -1) return start + at
    start += part.length
  }
  return text.length
}

function withoutQuery(text: string): string {
  const start = queryStart(text)
  const query = text
    .slice(start)
    .replace(parameter, (whole, before, name, value) =>
      harmless.test(name) && word.test(value) ? whole : `${before}${name}=${hidden}`,
    )
  return text.slice(0, start) + (text.includes('://') ? query.replace(bare, withoutBare) : query)
}

/** A query may be a token alone. `…` stands where one was taken out before. */
function withoutBare(whole: string, before: string, name: string): string {
  const isHarmless = harmless.test(name) || /^…?[.,:;)\]'`]*$/.test(name)
  return isHarmless ? whole : `${before}${hidden}`
}

/** The same value with every string in it redacted. */
export function redactDeep<T>(value: T, redact: Redact): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, redact)])) as T
}

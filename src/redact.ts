/** Takes secrets out of a text. */
export type Redact = (text: string) => string

const userinfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi
const signature =
  /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|Signature|sig|token|password)=)[^&\s"'<>]*/gi
const hidden = '***'

/**
 * The last gate before anything leaves the program: userinfo and signatures of URLs go, and so does every
 * known secret wherever it stands. A secret below 8 characters is too common a word to be looked for.
 */
export function createRedact(secrets: readonly string[]): Redact {
  const known = secrets
    .filter((secret) => secret.length >= 8)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length)
  return (text) => {
    const plain = known.reduce((rest, secret) => rest.replaceAll(secret, hidden), text)
    return plain.replace(userinfo, '$1').replace(signature, `$1${hidden}`)
  }
}

/** The same value with every string in it redacted. */
export function redactDeep<T>(value: T, redact: Redact): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, redact)])) as T
}

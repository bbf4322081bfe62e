import { UpdaterError } from '../../errors.ts'

const beginMessage = '-----BEGIN PGP SIGNED MESSAGE-----'
const beginSignature = '-----BEGIN PGP SIGNATURE-----'
const endSignature = '-----END PGP SIGNATURE-----'

/** Of RFC 9580, section 9.5, as they stand in the header. */
const hashName = 'MD5|SHA1|RIPEMD160|SHA224|SHA256|SHA384|SHA512|SHA3-256|SHA3-512'
const hashHeader = new RegExp(`^Hash: (?:${hashName})(?:, *(?:${hashName}))*$`)

/** Does a line of the text start a clearsigned message? */
export function holdsClearsigned(text: string): boolean {
  return text.includes(beginMessage)
}

/**
 * Splits a clearsigned message (RFC 9580, section 7). Strict, so that there is one way to read it: one
 * message, nothing but blank lines around it, no armor header but `Hash`, every line that starts with a
 * dash escaped.
 * @returns exactly the text that the signature covers (unescaped, lines end in `\n`, without the last line's end),
 * and the armored signature
 * @throws UpdaterError SIGNATURE_BAD
 */
export function splitClearsigned(
  text: string,
  name = 'the message',
): { readonly signedText: string; readonly signature: string } {
  const malformed = (what: string) =>
    new UpdaterError('SIGNATURE_BAD', `The clearsigned text of ${name} is malformed: ${what}`, {
      remedy: 'Look at the file; text that no signature covers is never read',
    })
  // The signature does not cover trailing blanks. Without the look-behind, the time would be quadratic.
  const lines = text.replaceAll(/(?<![ \t\r])[ \t\r]+(?=\n|$)/g, '').split('\n')
  const start = lines.findIndex((line) => line !== '')
  if (lines[start] !== beginMessage) throw malformed('something stands before the signed message')
  const blank = lines.indexOf('', start)
  const headers = lines.slice(start + 1, blank === -1 ? undefined : blank)
  if (headers.some((header) => !hashHeader.test(header))) {
    throw malformed('an armor header other than "Hash"')
  }
  const middle = lines.indexOf(beginSignature, start)
  const end = lines.indexOf(endSignature, start)
  if (blank === -1 || middle < blank || end < middle) throw malformed('it has no end')
  if (lines.slice(end + 1).some((line) => line !== ''))
    throw malformed('something stands after the signature')
  const signed = lines.slice(blank + 1, middle)
  if (signed.some((line) => line.startsWith('-') && !line.startsWith('- '))) {
    throw malformed('a line that starts with a dash is not escaped')
  }
  return {
    signedText: signed.map((line) => (line.startsWith('- ') ? line.slice(2) : line)).join('\n'),
    signature: `${lines.slice(middle, end + 1).join('\n')}\n`,
  }
}

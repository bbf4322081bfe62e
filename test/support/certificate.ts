import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  readonly key: string
  readonly cert: string
  /** The certificate as a file, for NODE_EXTRA_CA_CERTS. */
  readonly certFile: string
  remove(): void
}

/** A throw-away self-signed certificate for a name (as in a certificate: `DNS:…` or `IP:…`); `undefined` where there is no openssl. */
export function makeCertificate(name = 'IP:127.0.0.1'): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  const keyFile = join(folder, 'key.pem')
  const certFile = join(folder, 'cert.pem')
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const extensions = [`subjectAltName=${name}`, 'basicConstraints=critical,CA:TRUE']
  try {
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
        .concat(['-subj', `/CN=${name.replace(/^\w+:/, '')}`, '-keyout', keyFile, '-out', certFile])
        .concat(extensions.flatMap((extension) => ['-addext', extension])),
      { stdio: 'ignore' },
    )
  } catch {
    remove()
    return undefined
  }
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), certFile, remove }
}

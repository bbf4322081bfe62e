import { type OriginFile, sizeOf } from './origin-file.ts'

/** A folder's page as Apache's mod_autoindex lays it out. */
export function listingPage(folder: string, files: ReadonlyMap<string, OriginFile>): string {
  const names = new Set<string>()
  for (const path of files.keys()) {
    if (!path.startsWith(folder) || path === folder) continue
    const rest = path.slice(folder.length)
    const slash = rest.indexOf('/')
    names.add(slash < 0 ? rest : rest.slice(0, slash + 1))
  }
  const rows = [...names].sort().map((name) => row(name, files.get(folder + name)))
  const title = `Index of ${escapeText(folder)}`
  return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>${title}</title></head><body><h1>${title}</h1>
<pre><a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a> <a href="?C=S;O=A">Size</a><hr>
<a href="../">Parent Directory</a>                             -
${rows.join('\n')}
<hr></pre></body></html>
`
}

function row(name: string, file: OriginFile | undefined): string {
  const date = (file?.lastModified ?? new Date('2025-01-02T03:04:05Z')).toISOString()
  const pad = ' '.repeat(Math.max(1, 40 - name.length))
  const size = file === undefined ? '-' : sizeText(file.body)
  return `<a href="${encodeURI(name)}">${escapeText(name)}</a>${pad}${date.slice(0, 10)} ${date.slice(11, 16)}  ${size}`
}

function sizeText(body: OriginFile['body']): string {
  const size = sizeOf(body)
  if (size < 1024) return String(size)
  return size < 1024 ** 2 ? `${(size / 1024).toFixed(1)}K` : `${Math.round(size / 1024 ** 2)}M`
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

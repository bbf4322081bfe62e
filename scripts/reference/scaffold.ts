const list = 'src/discovery/resolvers/index.ts'
const cases = 'test/contract/cases/index.ts'

/** Texts by path, or why there are none. */
export type Scaffolded = { readonly texts: Readonly<Record<string, string>> } | { readonly refusal: string }

/**
 * The files of a new resolver: two new ones, and two lists with a line more.
 * @param read the text of a file of the project; `undefined` where there is none
 */
export function scaffold(name: string | undefined, read: (path: string) => string | undefined): Scaffolded {
  if (name === undefined || !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    return { refusal: 'Usage: npm run new-resolver NAME, with small letters, digits and hyphens' }
  }
  const module = `src/discovery/resolvers/${name}.ts`
  const [resolvers, known] = [read(list), read(cases)]
  if (read(module) !== undefined) return { refusal: `There is a resolver ${name} already` }
  if (resolvers === undefined || known === undefined) return { refusal: `${list} or ${cases} is missing` }
  const variable = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return {
    texts: {
      [module]: moduleText(name, variable),
      [`test/contract/cases/${name}.ts`]: caseText(name, variable),
      [list]: withLine(
        resolvers,
        `import { ${variable} } from './${name}.ts'`,
        '  debian,',
        `  ${variable},`,
      ),
      [cases]: withLine(known, `import { ${variable}Case } from './${name}.ts'`, ']', `  ${variable}Case,`),
    },
  }
}

/** The text with an import more, and with `line` in front of the last line `before`. */
function withLine(text: string, importLine: string, before: string, line: string): string {
  const at = text.lastIndexOf(`\n${before}`)
  const listed = `${text.slice(0, at)}\n${line}${text.slice(at)}`
  const imports = listed.split('\n').filter((each) => each.startsWith('import '))
  const sorted = [...imports, importLine].sort((a, b) => compare(sourceOf(a), sourceOf(b)))
  return `${sorted.join('\n')}${listed.slice(imports.join('\n').length)}`
}

function sourceOf(importLine: string): string {
  const source = /from '([^']*)\.ts'/.exec(importLine)?.[1] ?? ''
  return `${source.startsWith('../../') ? 0 : source.startsWith('../') ? 1 : 2}${source}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function moduleText(name: string, variable: string): string {
  return `import type { Resolver } from '../resolver.ts'
import { onBoth } from './recommended.ts'

const version = 'HEREBE\\\\d+\\\\.\\\\d+DRAGONS'

/** What the server of ${name} has, and the address where that is documented. */
export const ${variable}: Resolver = {
  name: '${name}',
  title: '${name}',
  asks: ['the listing of versions', '\`SHA256SUMS\` of the newest'],
  trusts: 'the checksum over https',
  unconfirmed: ['everything'],
  recommended: onBoth((architecture) => ({
    image: '${name}',
    latestUrl: \`https://${name}.example.org/\${version}/${name}-\${version}-\${architecture}.qcow2\`,
    checksums: 'SHA256SUMS',
  })),
  serves: { latestUrl: /\\/${name}-[^/]*$/ },
  strategies: ['placeholder'],
}
`
}

function caseText(name: string, variable: string): string {
  return `import { apacheListing, digest, gnu, imageAt, type ResolverCase, replaced } from '../resolver-case.ts'

const root = 'https://${name}.example.org/'
const file = '${name}-1.10-x86_64.qcow2'

export const ${variable}Case: ResolverCase = {
  resolver: '${name}',
  image: imageAt('${name}', '${name}'),
  exchanges: [
    [\`GET \${root}\`, apacheListing(['1.9/', '1.10/', 'latest/'])],
    [\`GET \${root}1.10/SHA256SUMS\`, gnu('bad', file.replace('x86_64', 'aarch64')) + gnu('a', file)],
  ],
  found: {
    url: \`\${root}1.10/\${file}\`,
    version: '1.10',
    digest: { algorithm: 'sha256', hex: digest('a') },
  },
  newerUrl: \`\${root}1.11/\${file}\`,
  listed: file,
  rename: replaced(file),
}
`
}

import { readFileSync } from 'node:fs'

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')

/** docs/library.md, in which the code below the link to an example is that file. */
export function renderLibrary(): string {
  return read('library.md').replaceAll(
    /(\((examples\/\w+\.ts)\):\n\n)```ts\n.*?```\n/gs,
    (_, link: string, path: string) => `${link}\`\`\`ts\n${read(path)}\`\`\`\n`,
  )
}

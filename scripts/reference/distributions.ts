import type { RecommendedImage, Resolver } from '../../src/discovery/resolver.ts'

/** docs/distributions.md, made of what the resolvers say of themselves. */
export function renderDistributions(resolvers: readonly Resolver[]): string {
  return `# Distributions

<!-- Made by \`npm run docs\` from src/discovery/resolvers/. Change those, not this file. -->

The first resolver that serves an image is the one; it decides by the image's URLs and \`os_distro\`. What is
asked is asked in this order, below the URLs of the catalogue: a mirror is asked in the same way. What is
unconfirmed could not be tried against the real server. A wrong guess never publishes a byte that was not verified.
Mostly it is an error of that image; where an older build still fits, the image keeps it, with a warning if what was
read lists a newer name of its kind, and \`check\` warns once the newest build is older than \`replace_frequency\` says.

How to add one: [adding-a-distribution.md](adding-a-distribution.md).

| distribution | resolver | asked, in this order | trusted | unconfirmed |
|---|---|---|---|---|
${resolvers.map(row).join('\n')}

## URLs for the catalogue

What stands between \`HEREBE\` and \`DRAGONS\` is a pattern; one that is written twice stands for the same text
both times. Where aarch64 is listed, its URLs differ as the distribution's names of the architecture do.

${resolvers
  .filter(({ recommended }) => recommended.length > 0)
  .map(section)
  .join('\n\n')}
`
}

function row({ name, title, asks, trusts, unconfirmed = [] }: Resolver): string {
  const steps = asks.map((ask, index) => (asks.length > 1 ? `${index + 1}. ${ask}` : ask))
  return cells([title, `\`${name}\``, steps.join('<br>'), trusts, unconfirmed.join('<br>')])
}

function section({ title, recommended }: Resolver): string {
  const rows = group(recommended).map(([layout, architectures]) => {
    const { image, format, latestUrl, latestChecksumUrl } = layout
    const checksums = latestChecksumUrl === undefined ? 'none' : `\`${latestChecksumUrl}\``
    return cells([image, architectures.join(', '), format, `\`${latestUrl}\`<br>${checksums}`])
  })
  return `### ${title}

| image | architectures | format | \`latest_url\`, \`latest_checksum_url\` |
|---|---|---|---|
${rows.join('\n')}`
}

/** Each image once, with the URLs of its first architecture. */
function group(layouts: readonly RecommendedImage[]): [RecommendedImage, string[]][] {
  const images = new Map<string, [RecommendedImage, string[]]>()
  for (const layout of layouts) {
    const known = images.get(layout.image)
    if (known === undefined) images.set(layout.image, [layout, [layout.architecture]])
    else known[1].push(layout.architecture)
  }
  return [...images.values()]
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}

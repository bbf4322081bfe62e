import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { page } from '../../src/serve/routes.ts'

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

describe('a page', () => {
  it('may run its own scripts and styles and nothing else', () => {
    const html = '<style>a{}</style><script>1</script><p></p><script type="module">2\n</script>'
    const policy = page(html).headers['content-security-policy']
    expect(policy).toContain(`script-src ${hash('1')} ${hash('2\n')};`)
    expect(policy).toContain(`style-src ${hash('a{}')};`)
    expect(policy).toMatch(/^default-src 'none';/)
    expect(policy).not.toContain('unsafe')
    expect(page('<p>').headers['content-security-policy']).toContain("script-src 'none'")
  })
})

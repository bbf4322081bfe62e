import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { proposalsOf } from '../../src/propose/proposals.ts'
import { outcome, reportOf } from '../cli/support.ts'

const of = (files: readonly string[], name = 'Alpha 1', diff = '+a\n') =>
  proposalsOf(
    reportOf(
      files.map((file) => outcome({ file, name, status: 'updated' })),
      { changes: files.map((file) => ({ file, diff })) },
    ),
    'u/',
  )

describe('proposals', () => {
  it.each([
    [['etc/images/ubuntu.yml'], ['u/ubuntu']],
    [
      ['a/ubuntu.yml', 'b/ubuntu.yaml', 'b/debian.yml'],
      ['u/a-ubuntu', 'u/b-ubuntu', 'u/debian'],
    ],
    [['x/my images (new).yml'], ['u/my-images-new']],
    [['x/..hidden..lock.lock.yml'], ['u/hidden.lock-lock']],
    [['x/\u00e4\u00f6.yml'], ['u/catalogue']],
  ])('of %j have the branches %j', (files, branches) => {
    expect(of(files).map(({ branch }) => branch)).toEqual(branches)
  })

  it('never share a branch, and keep theirs whatever else has changed', () => {
    const alike = ['a/x y.yml', 'a/x-y.yml', 'a/x-y.yaml', 'a-x-y.yml', '\u00e4.yml', '\u00f6.yml']
    const branches = of(alike).map(({ branch }) => branch)
    expect(new Set(branches).size).toBe(alike.length)
    const files = ['a/ubuntu.yml', 'b/ubuntu.yml']
    const images = files.map((file) => outcome({ file, status: 'up-to-date' }))
    const changes = [{ file: 'a/ubuntu.yml', diff: '+a\n' }]
    expect(proposalsOf(reportOf(images, { changes }), 'u/')[0]?.branch).toBe('u/a-ubuntu')
  })

  it('have branches that git takes, whatever the files are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', minLength: 1 }), (file) => {
        const [{ branch } = { branch: '' }] = of([`${file}.yml`])
        expect(branch).toMatch(/^u\/[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?![./]|lock$|$))*$/)
      }),
    )
    expect(execFileSync('git', ['check-ref-format', '--branch', 'u/hidden.lock-lock']).toString()).toBe(
      'u/hidden.lock-lock\n',
    )
  })

  it('show text from outside as text, and keep within what forges take', () => {
    const [proposal] = of(['a.yml'], '@all <img src=x> #1 \u202e', '+```\n+\u001b[31m\n')
    expect(proposal?.title).toBe('Update \\u{40}all <img src=x> \\u{23}1 \\u{202e} to its newest build')
    expect(proposal?.body).toContain('`\\u{40}all <img src=x> \\u{23}1 \\u{202e}`')
    expect(proposal?.body).toContain('````diff\n+```\n+\\u{1b}[31m\n````')
    const many = of(['a.yml'], 'x'.repeat(500), `+${'y'.repeat(100_000)}\n`)[0]
    expect(many?.title.length).toBeLessThanOrEqual(200)
    expect(many?.body.length).toBeLessThan(65_536)
    const images = Array.from({ length: 2000 }, () => outcome({ file: 'a.yml', status: 'updated' }))
    const [long] = proposalsOf(reportOf(images, { changes: [{ file: 'a.yml', diff: '+a' }] }), 'u/')
    expect(long?.body.length).toBeLessThan(65_536)
    expect(long?.body).toMatch(/\n\nCut off here\.\n\nThis branch/)
  })

  it.each([
    ['[skip ci]', /\[skip ci\]/i],
    ['[CI Skip]', /\[ci skip\]/i],
    ['[no ci]', /\[no ci\]/],
    ['[skip-actions]', /\[skip-actions\]/],
    ['[actions skip]', /\[actions skip\]/],
    ['***NO_CI***', /\*{3}NO_CI/],
    ['skip-checks: true', /skip-checks:/],
    ['@team', /@team/],
    ['@org/team', /@org/],
    ['Fixes #1', /#1/],
    ['closes osism/images#12', /#12/],
    ['merged in !7', /!7/],
    ['fixes GH-3', /GH-3/],
    ['Resolves https://github.com/o/r/issues/1', /Resolves:? https:/],
    ['Closing: PROJ-12', /Closing: PROJ/],
  ])('obey nothing of a name, a version or a diff: %s', (words, obeyed) => {
    const [proposal] = of(['a.yml'], words, `+# ${words}\n`)
    expect(`${proposal?.title}\n${proposal?.body}`).not.toMatch(obeyed)
    expect(of([`${words.replaceAll('/', ' ')}.yml`, 'b.yml'])[0]?.title).not.toMatch(obeyed)
  })

  it('have no links in titles', () => {
    const [proposal] = of(['a.yml'], '[News](https://evil.example)')
    expect(proposal?.title).toBe('Update [News\\u{5d}(https\\u{3a}//evil.example) to its newest build')
  })

  it('leave alone what is harmless', () => {
    const name = 'C# 5 x@y.example #all ! fix it [beta] (1) 50% & more'
    expect(of(['a.yml'], name)[0]?.title).toBe(`Update ${name} to its newest build`)
  })
})

/**
 * A text that a placeholder's pattern matches, of an older or the newest build. It knows the few forms that
 * patterns of catalogues are made of.
 */
export function sample(pattern: string, newest: boolean): string {
  const date = newest ? '20260831' : '20260101'
  const forms: readonly (readonly [form: string, text: string])[] = [
    ['(\\.\\d+)?', newest ? '.1' : ''],
    ['(generic_)?', newest ? '' : 'generic_'],
    ['(-uefi)?', newest ? '' : '-uefi'],
    ['(-r\\d+)?', '-r0'],
    ['(images-)?', newest ? 'images-' : ''],
    ['(-SP\\d+)?', newest ? '-SP4' : ''],
    ['(-cloud)?', ''],
    ['[a-z]?', ''],
    ['[0-9a-f]{8}', newest ? 'cb05e11f' : '730f446c'],
    ['[\\d.]+', `16.${date}.0`],
    ['\\d{8}', date],
    ['\\d{4}', newest ? '2026' : '2025'],
    ['\\d\\d', newest ? '26' : '25'],
    ['\\d+', newest ? '10' : '9'],
    ['\\d', '1'],
    ['\\.', '.'],
    ['$', ''],
  ]
  return forms.reduce((text, [form, value]) => text.replaceAll(form, value), pattern)
}

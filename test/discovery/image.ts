import type { Image } from '../../src/image.ts'

/** An image with the least that discovery looks at. */
export function imageOf(values: Partial<Image>): Image {
  return {
    file: 'images/example.yml',
    index: 0,
    line: 3,
    column: 5,
    name: 'Example',
    shortname: 'example',
    enable: true,
    format: 'qcow2',
    minDisk: 10,
    latestUrl: undefined,
    latestChecksumUrl: undefined,
    osDistro: undefined,
    osVersion: undefined,
    architecture: 'x86_64',
    versions: [],
    ...values,
  }
}

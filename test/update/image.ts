import type { Image } from '../../src/image.ts'

/** An enabled image of a catalogue, with what the test is about. */
export function anImage(changes: Partial<Image> = {}): Image {
  return {
    file: 'images/rocky.yml',
    index: 0,
    line: 3,
    column: 5,
    name: 'Rocky 9',
    shortname: 'rocky-9',
    enable: true,
    format: 'qcow2',
    minDisk: 10,
    latestUrl: 'https://download.example.org/rocky-9.qcow2',
    latestChecksumUrl: 'https://download.example.org/rocky-9.qcow2.CHECKSUM',
    osDistro: 'rocky',
    osVersion: '9',
    architecture: 'x86_64',
    versions: [],
    ...changes,
  }
}

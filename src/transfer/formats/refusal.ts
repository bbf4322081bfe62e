import { UpdaterError } from '../../errors.ts'

/** `IMAGE_FORMAT`: the bytes are not what the catalogue declares, or are damaged. */
export function wrongFormat(message: string): UpdaterError {
  return new UpdaterError('IMAGE_FORMAT', message, {
    remedy: 'Look at what the download URL serves and at the format in the catalogue; nothing was published',
  })
}

/** `IMAGE_UNSAFE`: the image would make a hypervisor read something else than the image. */
export function unsafe(message: string): UpdaterError {
  return new UpdaterError('IMAGE_UNSAFE', message, {
    remedy: 'Do not use this image unless its distributor explains it; nothing was published',
  })
}

export function noSignature(format: string): UpdaterError {
  return wrongFormat(`The image is declared as ${format} but does not have that format's signature`)
}

export function truncated(format: string, totalBytes: number, part: string): UpdaterError {
  return wrongFormat(`The ${format} image ends after ${totalBytes} bytes, before the end of its ${part}`)
}

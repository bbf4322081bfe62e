import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { UpdaterError } from '../errors.ts'
import type { HookOptions, ServeOptions } from '../index.ts'
import { type Flags, invalid, type Origin } from './flags.ts'
import type { HookFlags, ServeFlags, UpdateFlags } from './options.ts'
import { assertVouched, toUpdateOptions } from './values.ts'

/**
 * Checks what was given and makes the options of the hooks of it.
 * @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable
 */
export function toHookOptions({ values, origin }: Flags<HookFlags>): HookOptions {
  const { onUpdate, webhook } = values
  if (onUpdate?.trim() === '') {
    throw invalid(origin('onUpdate'), 'is empty', 'Give a command line, or leave it out')
  }
  return {
    onUpdate,
    webhook: webhook === undefined ? undefined : toWebhook(webhook, origin('webhook')),
    timeout: parseDuration(values.hookTimeout, origin('hookTimeout')),
  }
}

function toWebhook(url: string, origin: Origin): HookOptions['webhook'] {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || new URL(url).hash !== '') {
    throw invalid(origin, 'is not a web address', 'Give a URL that begins with https:// or http://')
  }
  const secret = process.env.IMAGE_UPDATER_WEBHOOK_SECRET || undefined
  if (secret !== undefined && secret.length < 16) {
    const variable = { source: 'environment', name: 'IMAGE_UPDATER_WEBHOOK_SECRET' } as const
    throw invalid(
      variable,
      'is shorter than 16 characters',
      'Make one that cannot be guessed: openssl rand -hex 32',
    )
  }
  return { url, secret }
}

/**
 * The options of a service; the token's file is read anew each time.
 * @throws UpdaterError USAGE, CONFIGURATION
 */
export async function toServeOptions(
  flags: Flags<UpdateFlags & HookFlags & ServeFlags>,
  names: readonly string[],
): Promise<ServeOptions> {
  const { tokenFile } = flags.values
  const update = toUpdateOptions(flags, names)
  if (!update.dryRun) assertVouched(flags, update.mirror)
  return {
    update,
    ...toListening(flags),
    token:
      tokenFile === undefined ? process.env.IMAGE_UPDATER_TOKEN || undefined : await readToken(tokenFile),
    hooks: toHookOptions(flags),
  }
}

/** @throws UpdaterError USAGE, CONFIGURATION */
export function toListening({
  values,
  origin,
}: Flags<ServeFlags>): Omit<ServeOptions, 'update' | 'token' | 'hooks'> {
  return {
    listen: parseAddress(values.listen, origin('listen')),
    schedule: values.schedule.trim() === '' ? undefined : values.schedule,
    jitter: parseDuration(values.jitter, origin('jitter')),
    shutdownTimeout: parseDuration(values.grace, origin('grace')),
    allowedHosts: values.allowHost,
  }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new UpdaterError('CONFIGURATION', `The token's file ${file} cannot be read: ${code}`, {
      remedy: 'Name a file that the user of this program can read with --token-file',
      cause,
    })
  }
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Milliseconds of `90s`, `15m`, `2h`, `1d`. @param most days */
export function parseDuration(text: string, origin: Origin, most = 20): number {
  const [, number, unit = ''] = /^([0-9]{1,6}) ?([smhd])$/.exec(text.trim()) ?? []
  const seconds = Number(number) * (units[unit] ?? Number.NaN)
  if (seconds <= most * 86_400) return seconds * 1000
  throw invalid(
    origin,
    `is not a length of time up to ${most} days`,
    'Give a number with a unit: 90s, 15m, 2h, 1d',
  )
}

/** Days of `90d` or `90`. */
export function parseDays(text: string, origin: Origin): number {
  const number = /^([0-9]{1,5}) ?d?$/.exec(text.trim())?.[1]
  if (number !== undefined) return Number(number)
  throw invalid(origin, 'is not a number of days', 'Give one such as 90d')
}

function parseAddress(text: string, origin: Origin): ServeOptions['listen'] {
  const [, bracketed, name, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):([0-9]{1,5})$/i.exec(text) ?? []
  const host = bracketed ?? name
  const isHost = bracketed === undefined || isIP(bracketed) === 6
  if (host !== undefined && isHost && Number(port) <= 65_535) return { host, port: Number(port) }
  throw invalid(
    origin,
    'is not an address to listen on',
    'Give ADDRESS:PORT, such as 127.0.0.1:9464 or [::]:9464',
  )
}

import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { signedHeaders } from '../../src/hooks/webhook.ts'
import { type HookOptions, runHooks } from '../../src/index.ts'
import { withExitStatus } from '../../src/report/json.ts'
import { outcome, reportOf, temporaryFolder } from '../cli/support.ts'
import { cloudOf, inCloud } from '../report/cloud-outcomes.ts'

const changed = reportOf(
  [
    outcome({ status: 'updated', name: 'Alpha 1' }),
    outcome({ status: 'updated', name: 'Alpha 2' }),
    outcome({ status: 'failed', name: 'Alpha 3' }),
  ],
  { changes: [{ file: 'a b.yml', diff: '+x\n' }] },
)

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A receiver that answers with these statuses, the last one for ever. */
async function receiver(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ headers: request.headers, body })
    const status = statuses.length > 1 ? statuses.shift() : statuses[0]
    response.writeHead(status ?? 200, { location: '/elsewhere' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

/** What has ended may wait for its parent to notice. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const quick = { backoffBase: 1, backoffCap: 1 }

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the command', () => {
  /** What the command printed, and its failures. */
  async function run(onUpdate: string, options: HookOptions = {}, report = changed) {
    const lines: string[] = []
    const failures = await runHooks(
      report,
      1,
      { onUpdate, ...options },
      { onLine: (line) => lines.push(line) },
    )
    return { lines, failures: failures.map(({ code, message }) => `${code}: ${message}`) }
  }

  it('tells a line that does not end in pieces', async () => {
    const { lines } = await run("head -c 1000000 /dev/zero | tr '\\0' x; printf '\\r\\nend\\nlast'")
    expect(lines.join('')).toBe(`${'x'.repeat(1_000_000)}endlast`)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(100_000)
    expect(lines.slice(-2)).toEqual(['end', 'last'])
  })

  it('has no more than 4 MiB of its output told, and is read to its end', async () => {
    const { lines, failures } = await run('yes | head -c 10000000; echo done >&2')
    expect(failures).toEqual([])
    expect(lines).toHaveLength(2 ** 21 + 2)
    expect(lines).toContain('What it prints from here on is not told')
    expect(lines).toContain('done')
  })

  it('gets the report on its input, and counts, names and files in its environment', async () => {
    const file = join(temporaryFolder(), 'input')
    const { lines, failures } = await run(
      `cat > '${file}'; echo "$IMAGE_UPDATER_UPDATED/$IMAGE_UPDATER_FAILED"; echo "$IMAGE_UPDATER_FILES"; echo "$IMAGE_UPDATER_NAMES" >&2`,
    )
    expect(failures).toEqual([])
    expect(lines.sort()).toEqual(['2/1', 'Alpha 1', 'Alpha 2', 'a b.yml'])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ exit_status: 1, summary: { updated: 2 } })
  })

  it('is not given the secrets of this program', async () => {
    vi.stubEnv('MINIO_SECRET_KEY', 'canary')
    vi.stubEnv('IMAGE_UPDATER_TOKEN', 'canary')
    vi.stubEnv('IMAGE_UPDATER_WEBHOOK_SECRET', 'canary')
    vi.stubEnv('OS_PASSWORD', 'canary')
    vi.stubEnv('OS_APPLICATION_CREDENTIAL_SECRET', 'canary')
    vi.stubEnv('IMAGE_UPDATER_HOOK_TEST', 'passed on')
    const { lines } = await run('env')
    expect(lines.join('\n')).not.toContain('canary')
    expect(lines).toContain('IMAGE_UPDATER_HOOK_TEST=passed on')
  })

  it('is not run where nothing changed', async () => {
    const nothing = reportOf([outcome(), outcome({ status: 'would-update' }), outcome({ status: 'failed' })])
    expect(await run('echo ran', {}, nothing)).toEqual({ lines: [], failures: [] })
  })

  describe('that failed, with a memory,', () => {
    const nothing = reportOf([outcome({ name: 'Alpha 1' }), outcome({ name: 'Alpha 3', status: 'failed' })])
    const told = `cat > "$TOLD"; echo "$IMAGE_UPDATER_NAMES" "$IMAGE_UPDATER_FILES" $IMAGE_UPDATER_UPDATED | tr '\\n' ' '`
    const start = () => {
      const folder = temporaryFolder()
      vi.stubEnv('TOLD', join(folder, 'told.json'))
      const memory = { folder: join(folder, 'state'), catalogue: ['/a', './b'] }
      const left = () => (existsSync(memory.folder) ? readdirSync(memory.folder).length : 0)
      return { memory, left, told: () => readFileSync(join(folder, 'told.json'), 'utf8') }
    }

    it('is run again after each run until it succeeds, with what it missed', async () => {
      const { memory, left, told: input } = start()
      expect((await run('exit 3', { memory })).failures).toHaveLength(1)
      expect((await run('exit 4', { memory }, nothing)).failures).toEqual([
        expect.stringContaining('status 4'),
      ])
      expect(left()).toBe(1)
      const { lines, failures } = await run(told, { memory }, nothing)
      expect([lines, failures]).toEqual([['Alpha 1 Alpha 2 a b.yml 2 '], []])
      expect(JSON.parse(input())).toMatchObject({ changes: [{ file: 'a b.yml' }], summary: { updated: 2 } })
      expect(left()).toBe(0)
      expect(await run('echo ran', { memory }, nothing)).toEqual({ lines: [], failures: [] })
    })

    it('gets what it missed of an image that has failed since', async () => {
      const { memory, left, told: input } = start()
      await run('exit 3', { memory })
      const failing = reportOf([outcome({ name: 'Alpha 1', status: 'failed' }), outcome({ name: 'Alpha 2' })])
      for (const _ of [1, 2]) expect((await run('exit 3', { memory }, failing)).failures).toHaveLength(1)
      const { lines } = await run(told, { memory }, failing)
      expect(lines).toEqual(['Alpha 2 Alpha 1 a b.yml 2 '])
      expect(JSON.parse(input()).images.map(({ status }: { status: string }) => status)).toEqual([
        'failed',
        'updated',
        'updated',
      ])
      expect(left()).toBe(0)
    })

    it('believes nothing that another user can have written', async () => {
      const { memory } = start()
      await run('exit 3', { memory })
      const [name = ''] = readdirSync(memory.folder)
      const path = join(memory.folder, name)
      chmodSync(path, 0o666)
      const unknown = (why: RegExp) => ({ lines: [], failures: [expect.stringMatching(why)] })
      expect(await run('echo ran', { memory }, nothing)).toEqual(unknown(/can have been written by another/))
      rmSync(path)
      execFileSync('mkfifo', [path])
      expect(await run('echo ran', { memory }, nothing)).toEqual(unknown(/it is no file/))
    })

    it('gets what it missed and what is new in one report', async () => {
      const { memory } = start()
      await run('exit 3', { memory })
      const report = reportOf([outcome({ status: 'updated', name: 'Beta' })], {
        changes: [{ file: 'b.yml', diff: '+x\n' }],
      })
      const { lines } = await run(told, { memory: { ...memory, catalogue: ['b', '/a'] } }, report)
      expect(lines).toEqual(['Beta Alpha 1 Alpha 2 a b.yml b.yml 3 '])
    })

    it('is remembered while it runs, and apart from other catalogues and hooks', async () => {
      const { memory, left } = start()
      const { lines } = await run(`ls '${memory.folder}' | wc -l`, { memory })
      expect([lines, left()]).toEqual([['1'], 0])
      await run('exit 3', { memory })
      expect(await run('echo ran', { memory: { ...memory, catalogue: ['/c'] } }, nothing)).toMatchObject({
        lines: [],
      })
      const { url, received } = await receiver(204)
      await runHooks(nothing, 0, { webhook: { url }, memory })
      expect([received, left()]).toEqual([[], 1])
    })

    it('is told as lost where nothing can be remembered, and a broken memory is none', async () => {
      const { memory, left } = start()
      const failures = await runHooks(changed, 1, {
        onUpdate: 'exit 3',
        memory: { ...memory, folder: '/proc/image-updater' },
      })
      expect(failures[0]?.remedy).toMatch(
        /not tried again, for \/proc\/image-updater cannot be written: .*--state-dir/,
      )
      const [nowhere] = await runHooks(changed, 1, { onUpdate: 'exit 3' })
      expect(nowhere?.remedy).toMatch(/^Look at what it printed; it is not tried again, .*--state-dir/)
      const { url } = await receiver(400)
      const [webhook] = await runHooks(changed, 1, { webhook: { url }, memory })
      expect(webhook?.remedy).toMatch(/^Look at the service that receives it; it is tried again/)
      rmSync(memory.folder, { recursive: true })
      await run('exit 3', { memory })
      const [name = ''] = readdirSync(memory.folder)
      for (const broken of ['{"images": 3', '{"images": 3}', '{"format": 2, "value": {}}']) {
        writeFileSync(join(memory.folder, name), broken)
        const { lines, failures } = await run('echo ran', { memory }, changed)
        expect(lines).toEqual(['ran'])
        expect(failures).toEqual([
          expect.stringMatching(/^HOOK_FAILED: What the command has missed is not known/),
        ])
        expect(readFileSync(join(memory.folder, name), 'utf8')).toBe(broken)
      }
      const older = withExitStatus(changed, 0)
      writeFileSync(join(memory.folder, name), JSON.stringify(older))
      expect(await run('echo ran', { memory }, nothing)).toEqual({ lines: ['ran'], failures: [] })
      expect(left()).toBe(0)
    })

    it('is not run by a dry run', async () => {
      const { memory } = start()
      await run('exit 3', { memory })
      const dry = { ...nothing, dry_run: true }
      expect(await run('echo ran', { memory }, dry)).toEqual({ lines: [], failures: [] })
    })
  })

  it('may ignore its input, and leave something in the background', async () => {
    const { lines, failures } = await run('sleep 300 & echo $!')
    process.kill(Number(lines[0]), 'SIGKILL')
    expect(failures).toEqual([])
  })

  it.each([
    ['exit 3', 'ended with status 3'],
    ['kill -9 $$', 'ended by SIGKILL'],
    ['no-such-command-at-all', 'ended with status 127'],
  ])('fails by itself: %s', async (command, how) => {
    expect((await run(command)).failures).toEqual([expect.stringMatching(`HOOK_FAILED: .*${how}`)])
  })

  it('is ended with everything that it started where it takes too long', async () => {
    const { lines, failures } = await run('sleep 300 & echo $!; wait', { timeout: 300 })
    expect(failures).toEqual([expect.stringContaining('was ended after 0.3 s')])
    await vi.waitFor(() => expect(isAlive(Number(lines[0]))).toBe(false))
  })
})

describe('the webhook', () => {
  const secret = 'secret-of-the-webhook'
  const send = (url: string, options: Partial<NonNullable<HookOptions['webhook']>> = {}, timeout = 20_000) =>
    runHooks(changed, 1, { webhook: { url, ...options }, timeout }, { httpPolicy: quick })

  it('gets a signed report', async () => {
    const { url, received } = await receiver(204)
    expect(await send(`${url}/hook`, { secret })).toEqual([])
    const [{ headers, body } = { headers: {}, body: '' }] = received
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body)).toMatchObject({ type: 'images.updated', data: { schema_version: 1 } })
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const digest = createHmac('sha256', secret).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${digest}`)
    expect(Math.abs(Number(headers['webhook-timestamp']) * 1000 - Date.now())).toBeLessThan(60_000)
  })

  it('is signed as Standard Webhooks has it', () => {
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const headers = signedHeaders(id, 1614265330, '{"test": 2432232314}', secret)
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is asked again where it is in trouble, with the same id', async () => {
    const { url, received } = await receiver(503, 500, 200)
    expect(await send(url, { secret })).toEqual([])
    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  it.each([404, 500, 302])(
    'that answers %i is told without its path and without user information',
    async (status) => {
      const { url, received } = await receiver(status)
      const [error] = await send(`${url.replace('//', '//user:canary-user@')}/canary-path?q=canary-query`)
      expect(error).toMatchObject({ code: 'HOOK_FAILED', message: expect.stringContaining(`${status}`) })
      expect(error?.message).toContain('http://127.0.0.1')
      expect(error?.message).not.toContain('canary')
      expect(received).toHaveLength(status === 500 ? 5 : 1)
    },
  )

  it('that never answers is given up in time', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const [error] = await send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {}, 200)
    expect(error?.message).toBe('The webhook was not told: it took too long')
    server.closeAllConnections()
    server.close()
  })
})

describe('a hook of a run with clouds', () => {
  const folderOf = () => ({ folder: join(temporaryFolder(), 'state'), catalogue: ['/a'] })
  const published = (status: 'published' | 'current') =>
    reportOf([outcome()], { clouds: [cloudOf([inCloud({ status })])] })

  it('is told of what was changed in a cloud alone, and of what it missed', async () => {
    const failing = { onUpdate: 'exit 3', memory: folderOf() }
    expect(await runHooks(published('current'), 0, failing)).toEqual([])
    expect(await runHooks(published('published'), 0, failing)).toHaveLength(1)
    const lines: string[] = []
    const onLine = (line: string) => void lines.push(line)
    const onUpdate = `node -e '
      let text = ""; process.stdin.on("data", (more) => { text += more }).on("end", () => {
        console.log(JSON.parse(text).clouds.map(({ images }) => images.map(({ status }) => status)).join()) })'`
    const well = { ...failing, onUpdate }
    expect(await runHooks(published('current'), 0, well, { onLine })).toEqual([])
    expect(await runHooks(reportOf([outcome()]), 0, well, { onLine })).toEqual([])
    expect(lines).toEqual(['published'])
  })
})

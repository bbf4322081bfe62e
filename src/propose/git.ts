import { copyFile, lstat, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { UpdaterError, type UpdaterErrorOptions } from '../errors.ts'
import { type GitFailure, git, gitOutside } from '../git.ts'
import { redactUrl } from '../http/url.ts'

/** The destination of branches. */
export interface Remote {
  /** A remote's name, or an address that the caller vouches for. */
  readonly target: string
  /** Origin of the forge's own pages: the one server that the token goes to. */
  readonly server: string
  /** `Authorization: …` for that server; it is passed by the environment, so that no list of processes shows it. */
  readonly header: string
}

export interface Author {
  readonly name: string
  readonly email: string
}

/**
 * The repository that a catalogue lies in; nothing of it is written. Its configuration, hooks, filters and remotes are
 * those of whoever has made the checkout, and git runs programs that they name. So it is asked for paths, names and
 * objects alone, and all else is done in a bare repository of our own that borrows its objects.
 */
export interface Repository {
  readonly root: string
  /** The commit that is checked out, and its date. */
  readonly head: string
  readonly date: string
  /** Our own, in the folder for temporary files. */
  readonly own: string
}

/**
 * Opens the repository for as long as `use` takes.
 * @throws UpdaterError PROPOSAL_FAILED, as all functions here
 */
export async function inRepository<Result>(
  folder: string,
  use: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  const root = await realpath(await ask(folder, ['rev-parse', '--show-toplevel']))
  const head = await ask(root, ['rev-parse', '--verify', 'HEAD'])
  const own = await mkdtemp(join(tmpdir(), 'image-updater-git-'))
  try {
    await borrow(root, own)
    await askOwn({ root, own }, ['cat-file', '-e', `${head}^{commit}`])
    const date = await askOwn({ root, own }, ['show', '-s', '--no-show-signature', '--format=%cI', head])
    return await use({ root, head, date, own })
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

async function borrow(root: string, own: string): Promise<void> {
  const ofCheckout = (name: string) => ask(root, ['rev-parse', '--path-format=absolute', '--git-path', name])
  const format = await ask(root, ['rev-parse', '--show-object-format'])
  // Not even GIT_DIR of the caller is meant here.
  await ask(own, ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`], { GIT_DIR: own })
  await writeFile(join(own, 'objects', 'info', 'alternates'), `${await ofCheckout('objects')}\n`)
  const shallow = await ofCheckout('shallow')
  if ((await stat(shallow).catch(() => undefined))?.isFile()) await copyFile(shallow, join(own, 'shallow'))
}

interface ChangedFile {
  /** From the repository's root. */
  readonly path: string
  readonly mode: string
}

/** Returns where a file is whose content is not that of HEAD; undefined if it is. Nothing is written. */
export async function changedFile(repository: Repository, file: string): Promise<ChangedFile | undefined> {
  const { root, head } = repository
  const path = await pathIn(root, file)
  const listed = await askOwn(repository, ['ls-tree', head, '--', path])
  const [, mode = '100644', before] = /^(\d+) blob (\S+)\t/.exec(listed) ?? []
  // Git's own message is better about a file that does not exist.
  const found = await lstat(join(root, path)).catch(() => undefined)
  if (mode === '120000' || found?.isSymbolicLink()) {
    throw failed(`${path} is a symbolic link`, { remedy: 'Name the file itself with --images' })
  }
  if (found?.isFile() === false) {
    throw failed(`${path} is no regular file`, { remedy: 'Look at the checkout' })
  }
  const blob = await askOwn(repository, ['hash-object', `--path=${path}`, '--', path])
  return blob === before ? undefined : { path, mode }
}

/**
 * Commits the file's present content, and nothing else, on top of HEAD. With HEAD's date the same change has the same
 * name in each run, and nothing is pushed anew.
 * @returns the commit, or undefined if HEAD has that content
 */
export async function commitFile(
  repository: Repository,
  file: string,
  message: string,
  author: Author,
): Promise<string | undefined> {
  const changed = await changedFile(repository, file)
  if (changed === undefined) return undefined
  const { head, date } = repository
  const { path, mode } = changed
  const blob = await askOwn(repository, ['hash-object', '-w', `--path=${path}`, '--', path])
  const { name, email } = author
  const env = {
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date },
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email, GIT_COMMITTER_DATE: date },
  }
  await askOwn(repository, ['read-tree', head])
  await askOwn(repository, ['update-index', '--add', '--cacheinfo', `${mode},${blob},${path}`])
  const tree = await askOwn(repository, ['write-tree'])
  return askOwn(repository, ['commit-tree', tree, '-p', head, '-m', message], env)
}

/** Sets the remote's branch to this commit; nothing is sent if it is there already. */
export async function pushCommit(
  repository: Repository,
  commit: string,
  branch: string,
  remote: Remote,
): Promise<void> {
  const address = await addressOf(repository, remote)
  const { server, header } = remote
  // A server that redirects would be asked with the token, too.
  const token = ['-c', 'http.followRedirects=false', `--config-env=http.${server}/.extraHeader=${headerName}`]
  const ours = originOf(address) === server
  const push = ['push', '--quiet', '--force', address, `${commit}:refs/heads/${branch}`]
  const env = { ...placeOf(repository), ...(ours ? { [headerName]: header } : {}) }
  await told(push, gitOutside(repository.root, [...(ours ? token : []), ...push], env))
}

/** The variable that has the header. */
const headerName = 'IMAGE_UPDATER_GIT_HEADER'

/** A remote's address is what the checkout's configuration says: it has to be the forge's, or one that gets no token. */
async function addressOf({ root }: Repository, { target, server }: Remote): Promise<string> {
  if (/[:/]/.test(target)) return target
  const key = (name: string) => ask(root, ['config', '--get', `remote.${target}.${name}`]).catch(() => '')
  const address = (await key('pushurl')) || (await key('url'))
  if (address === '') {
    throw failed(`The checkout has no remote "${target}"`, { remedy: 'Name the address to push to' })
  }
  const isSecureShell = /^ssh:\/\//i.test(address) || /^\w[\w.@-]*:(?!:|\/\/)/.test(address)
  if (isSecureShell || originOf(address) === server) return address
  throw failed(`The remote "${target}" leads to ${redactUrl(address)}, which is not the forge ${server}`, {
    remedy: "Correct the remote's address in the checkout, or name the address to push to",
  })
}

/** Undefined: not an address of the web. */
function originOf(address: string): string | undefined {
  const isWeb = /^https?:\/\//i.test(address) && URL.canParse(address)
  return isWeb ? new URL(address).origin : undefined
}

async function pathIn(root: string, file: string): Promise<string> {
  const whole = resolve(file)
  const path = relative(root, join(await realpath(dirname(whole)), basename(whole)))
  if (path === '..' || path.startsWith(`..${sep}`)) {
    throw failed(`${file} lies outside the git repository ${root}`, {
      remedy: 'Name a catalogue of this checkout with --images',
    })
  }
  return path.split(sep).join('/')
}

/** What git prints in the checkout, without the newline at its end. */
async function ask(folder: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  return told(args, git(folder, args, env))
}

/** The same of our own repository, whose working tree is that of the checkout. */
async function askOwn(
  place: Pick<Repository, 'root' | 'own'>,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  return told(args, git(place.root, args, { ...placeOf(place), ...env }))
}

function placeOf({ root, own }: Pick<Repository, 'root' | 'own'>): NodeJS.ProcessEnv {
  return { GIT_DIR: own, GIT_WORK_TREE: root, GIT_INDEX_FILE: join(own, 'index') }
}

async function told(args: readonly string[], asking: Promise<string>): Promise<string> {
  try {
    return (await asking).trim()
  } catch (cause) {
    const { isMissing, message } = cause as GitFailure
    if (isMissing) throw failed('git is not installed', { remedy: 'Install git', cause })
    const why = message.split('\n').slice(-3).join(' ')
    const remedy = 'Look at the checkout, the branch and the rights to push'
    throw failed(`git ${args[0]} failed: ${why}`, { remedy, cause })
  }
}

export function failed(message: string, options: UpdaterErrorOptions): UpdaterError {
  return new UpdaterError('PROPOSAL_FAILED', message, options)
}

import { lstat, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { UpdaterError, type UpdaterErrorOptions } from '../errors.ts'
import { type GitFailure, git } from '../git.ts'

/** The destination of branches. */
export interface Remote {
  /** A remote's name or a URL without credentials. */
  readonly target: string
  /** `Authorization: …` for that URL; it is passed by the environment, so that no list of processes shows it. */
  readonly header?: string | undefined
}

export interface Author {
  readonly name: string
  readonly email: string
}

/** The repository that a catalogue lies in. Its working tree, index and branches stay as they are. */
export interface Repository {
  readonly root: string
  /** The commit that is checked out, and its date. */
  readonly head: string
  readonly date: string
}

/** @throws UpdaterError PROPOSAL_FAILED, as all functions here */
export async function openRepository(folder: string): Promise<Repository> {
  const root = await realpath(await ask(folder, ['rev-parse', '--show-toplevel']))
  const head = await ask(root, ['rev-parse', '--verify', 'HEAD^{commit}'])
  return { root, head, date: await ask(root, ['show', '--no-patch', '--format=%cI', head]) }
}

interface ChangedFile {
  /** From the repository's root. */
  readonly path: string
  readonly mode: string
}

/** Returns where a file is whose content is not that of HEAD; undefined if it is. Nothing is written. */
export async function changedFile(
  { root, head }: Repository,
  file: string,
): Promise<ChangedFile | undefined> {
  const path = await pathIn(root, file)
  const listed = await ask(root, ['ls-tree', head, '--', path])
  const [, mode = '100644', before] = /^(\d+) blob (\S+)\t/.exec(listed) ?? []
  if (mode === '120000' || (await isLink(join(root, path)))) {
    throw failed(`${path} is a symbolic link`, { remedy: 'Name the file itself with --images' })
  }
  const blob = await ask(root, ['hash-object', `--path=${path}`, '--', path])
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
  const { root, head, date } = repository
  const { path, mode } = changed
  const blob = await ask(root, ['hash-object', '-w', `--path=${path}`, '--', path])
  const folder = await mkdtemp(join(tmpdir(), 'image-updater-git-'))
  const { name, email } = author
  const env = {
    GIT_INDEX_FILE: join(folder, 'index'),
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date },
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email, GIT_COMMITTER_DATE: date },
  }
  try {
    await ask(root, ['read-tree', head], env)
    await ask(root, ['update-index', '--add', '--cacheinfo', `${mode},${blob},${path}`], env)
    const tree = await ask(root, ['write-tree'], env)
    return await ask(root, ['commit-tree', tree, '-p', head, '-m', message], env)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Sets the remote's branch to this commit, unless it is there already. */
export async function pushCommit(
  { root }: Repository,
  commit: string,
  branch: string,
  { target, header }: Remote,
): Promise<void> {
  const env =
    header === undefined
      ? {}
      : { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.extraHeader', GIT_CONFIG_VALUE_0: header }
  const ref = `refs/heads/${branch}`
  if ((await ask(root, ['ls-remote', target, ref], env)).startsWith(`${commit}\t`)) return
  await ask(root, ['push', '--quiet', '--force', target, `${commit}:${ref}`], env)
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

/** False also if the file does not exist: git's own message says that better. */
async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )
}

/** What git prints, without the newline at its end. */
async function ask(folder: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await git(folder, args, env)).trim()
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

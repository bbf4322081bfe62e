import { rows, secretVariables } from '../options.ts'

const secretFlags = rows.filter(({ secret }) => secret === true).map(({ name }) => `--${name}`)
/** Of this program, and of what it works with. */
const hiddenVariables = [
  ...secretVariables,
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'GITHUB_TOKEN',
  'GH_TOKEN',
  'GITLAB_TOKEN',
]

/**
 * The secrets that a command line and an environment hold. A webhook's address is one: most services put
 * a token into its path.
 */
export function secretsOf(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const given = args.map((arg, index) => {
    const flag = secretFlags.find((one) => arg.startsWith(`${one}=`) || args[index - 1] === one)
    return flag !== undefined && arg.startsWith(`${flag}=`) ? arg.slice(flag.length + 1) : flag && arg
  })
  const secrets = [...given, ...hiddenVariables.map((name) => env[name])]
  return secrets.filter((secret) => secret !== undefined)
}

/** All forms in which secrets may come up in what is printed. */
export function formsOf(secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => [secret, ...pathOf(secret)])
}

/** What follows the host of a web address, as errors of HTTP print it. */
function pathOf(secret: string): string[] {
  if (!/^https?:/i.test(secret) || !URL.canParse(secret)) return []
  const { pathname, search } = new URL(secret)
  return [pathname + search, pathname]
}

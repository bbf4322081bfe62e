/** What the help says of the commands. They are light: what a command runs is loaded when it is called. */
export interface CommandDescription {
  readonly description: string
  /** What may follow it, as commander writes it, and what that is. */
  readonly arguments?: Readonly<Record<string, string>>
  /** The heading that the options begin with. */
  readonly first?: string
  /** What follows the options in its help. */
  readonly help: string
}

const names = {
  '[NAME...]': 'images to look at: name, shortname or file, with * and ? (default: all)',
} as const

/** Every command, in the order of the help; what it does stands in its file under `cli/commands/`. */
export const commands = {
  update: {
    description: 'find the newest builds, mirror them, rewrite the catalogue (the default command)',
    arguments: names,
    help: `
NAME selects images by name, shortname or file; * and ? stand for any text and
any character. Flags go over environment variables, these over the
configuration file, it over defaults; an empty variable counts as unset.

Examples:
  Show what would change in a checkout, without credentials:
    image-updater --images etc/images --dry-run
  Update everything and mirror it (credentials in the environment):
    MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=… image-updater --images etc/images
  Only some images, with the report as JSON:
    image-updater --images etc/images --output json 'ubuntu-*' 'Debian 12'
  Mirror into a folder that a web server serves:
    image-updater --mirror-dir /srv/images --mirror-base-url https://img.example
  Find updates only, leave the mirror to somebody else:
    image-updater --images etc/images --no-mirror

Exit status:
  0    all well
  1    at least one image failed, the others are done
  2    wrong usage, configuration or catalogue, nothing was done
  70   the program itself failed: a defect that should be reported
  75   another run works on the catalogue, nothing was done: see --wait
  130  interrupted by SIGINT, uploads were aborted and every file is whole
  143  interrupted by SIGTERM, 129 by SIGHUP, likewise

Documentation: the docs folder of the package, beginning with README.md.
`,
  },
  check: {
    description: 'say of every image how old it is, what is newer, and what the mirror has',
    arguments: names,
    help: `
Nothing is written and no credentials are needed: the mirror is asked by the
URLs that the catalogue names, as every user of the cloud may ask.

Examples:
  Is the catalogue current?
    image-updater check --images etc/images
  A table for the summary of a GitHub job:
    image-updater check --output markdown >> "$GITHUB_STEP_SUMMARY"
  Metrics for node_exporter, test results for the CI system:
    image-updater check --metrics-file images.prom --report images.xml

Exit status:
  0    every image is current
  10   there are updates, images that the mirror lacks, or packed ones of which
       only an update can find out whether they are the newest
  1    at least one image could not be checked
  2    wrong usage, configuration or catalogue
`,
  },
  mirror: {
    description: 'bring every version that names a mirror_url to the mirror',
    arguments: names,
    help: `
Each version that names a mirror_url on this mirror is brought there from its
url where it is missing, if its bytes are those of its checksum. A mirror_url
of another mirror is left alone. All that is written to a catalogue file is the
checksum of an unpacked image, where that of the packed file stands.

Examples:
  What is missing, without credentials:
    image-updater mirror --images etc/images --dry-run
  Fill a new mirror in a folder:
    image-updater mirror --mirror-dir /srv --mirror-base-url https://img.example

Exit status:
  0    all of them are there
  1    at least one could not be brought there, the others are done
  2    wrong usage, configuration or catalogue, nothing was done
  70   the program itself failed: a defect that should be reported
  130  stopped by SIGINT, 143 SIGTERM, 129 SIGHUP: uploads were aborted
`,
  },
  publish: {
    description: 'bring what the catalogue names into Glance, and retire what it does not keep',
    arguments: names,
    help: `
Each version that the catalogue names is brought into every --cloud, verified
while it flows, proven by Glance's own hash, and made visible last. Images
that it keeps no longer are hidden. Only images of our project with our tag
are ever changed, and only those whose definition was read in this run.

Examples:
  What would be done, call by call:
    image-updater publish --images etc/images --cloud test --dry-run
  Bring everything into two clouds:
    image-updater publish --cloud west --cloud east/Two
  Try each new image before anybody sees it:
    image-updater publish --cloud test --gate 'boot-test "$IMAGE_ID"'
  Take a bad build back:
    image-updater publish --cloud test --rollback debian-13 --reason 'no net'

Exit status:
  0    all well
  1    at least one image failed, the others are done
  2    wrong usage, configuration or catalogue, nothing was done
  70   the program itself failed: a defect that should be reported
  130  stopped by SIGINT, 143 SIGTERM, 129 SIGHUP: a swap of names is finished

Documentation: docs/publishing.md.
`,
  },
  verify: {
    description: 'ask every url and mirror_url of the catalogue, without credentials',
    arguments: names,
    help: `
Every url and mirror_url is asked as OpenStack will ask it, without credentials.
Nothing is written.

Examples:
  Is everything there?
    image-updater verify --images etc/images
  Is it all as the checksums say? For a nightly job, with a report:
    image-updater verify --full --report verify.json
  As a comment on a pull request:
    image-updater verify --images etc/images --output markdown 'ubuntu*'

Exit status, of the most severe verdict in this order:
  5    mismatch: bytes that are not those of the checksum
  7    unmirrorable: not on the mirror, and the source is gone as well
  3    missing: a url or mirror_url that leads nowhere
  4    private: a url or mirror_url that not everybody can read
  1    error: something could not be found out
  6    pending: the newest version of an image is not on the mirror yet
  0    ok: all well; unknown: only --full tells whether it is
  2    wrong usage, configuration or catalogue
  70   the program itself failed: a defect that should be reported
  130  stopped by SIGINT, 143 SIGTERM, 129 SIGHUP
`,
  },
  prune: {
    description: 'list or remove what the mirror has and no catalogue file names',
    help: `
Objects count that have names of the updater's own form under the mirror's
prefix; others are never touched. Several catalogues that share a mirror must
all be named, or the objects of those left out go. Nothing is removed where a
file cannot be read, or where the catalogue names nothing that lies there.

Examples:
  What could go?
    image-updater prune --images /etc/images
  Remove it, if it is older than a month:
    image-updater prune --images /etc/images --grace 30d --yes

Exit status:
  0    all well
  1    at least one object could not be removed, the others are
  2    wrong usage, configuration or catalogue, nothing was removed
  70   the program itself failed: a defect that should be reported
  75   another run works on the catalogue, nothing was removed: see --wait
  130  stopped by SIGINT, 143 SIGTERM, 129 SIGHUP: what is removed is removed
`,
  },
  report: {
    description: 'check the catalogue and write what is found as an HTML page',
    arguments: names,
    help: `
The page needs nothing beside itself: it can be put on any web server, or be
kept as a file. It is written whatever the check finds.

Examples:
  The state of the catalogue, for a web server:
    image-updater report --images etc/images --html /srv/www/images.html
  From a check that has been made already:
    image-updater check --report check.json
    image-updater report --from check.json --html images.html

Exit status:
  0    the page was written, whatever it tells
  2    wrong usage, configuration or catalogue, or it cannot be written
  70   the program itself failed: a defect that should be reported
  130  stopped by SIGINT, 143 SIGTERM, 129 SIGHUP: nothing was written
`,
  },
  serve: {
    description: 'update on a schedule, and show the catalogue and the runs over HTTP',
    arguments: names,
    first: 'Service',
    help: `
Everybody who can reach the address can read; to begin a run takes the token.

  GET  /               the catalogue as a page that follows the run
  GET  /metrics        for Prometheus
  GET  /healthz        the process lives
  GET  /readyz         the catalogue can be read, and the service is not ending
  GET  /api/v1/images  what the catalogue holds, what the last run made of it
  GET  /api/v1/runs    the runs; one with its report: /api/v1/runs/ID
  POST /api/v1/runs    begin a run now (Authorization: Bearer TOKEN)
  GET  /api/v1/events  how the run goes, as server-sent events

SIGTERM ends it in order, SIGHUP loads the configuration and the token again.

Examples:
  Every night at three, the page on this machine only:
    image-updater serve --images etc/images --schedule '0 3 * * *'
  Behind a reverse proxy that everybody knows as images.example.com:
    image-updater serve --listen 127.0.0.1:9464 --allow-host images.example.com
  Begin a run:
    curl -X POST -H "Authorization: Bearer $TOKEN" \\
      http://127.0.0.1:9464/api/v1/runs

Exit status:
  0    it was told to end, and has, whatever became of its runs
  2    wrong usage or configuration, or the address is taken
`,
  },
  list: {
    description: 'show the catalogue as a table',
    arguments: { '[NAME...]': 'images to show: name, shortname or file, with * and ? (default: all)' },
    help: `
Examples:
  The catalogue as a table for a page of documentation:
    image-updater list --images etc/images --output markdown
  All fields for a spreadsheet:
    image-updater list --images etc/images --output csv > images.csv

Exit status:
  0    all well
  2    wrong usage, configuration or catalogue
`,
  },
  diff: {
    description: 'show what has changed between two states of the catalogue, image by image',
    arguments: {
      '<OLD>': 'folder, file or git revision',
      '[NEW]': 'folder, file or git revision (default: --images as it is)',
    },
    help: `
OLD and NEW are folders or files, or branches, tags and commits of the git
repository that --images is in; NEW is --images as it is, if it is left out.
What exists in the file system is no revision: refs/heads/main always is one.

Examples:
  What has changed since the last commit:
    image-updater diff HEAD --images etc/images
  The text of a pull request:
    image-updater diff origin/main HEAD --images etc/images --output markdown

Exit status:
  0    the two were compared, whatever is different
  2    wrong usage, configuration or catalogue, or no such revision
`,
  },
  validate: {
    description:
      "compare the catalogue with OpenStack Image Manager's schema, the rules of SCS and common sense",
    arguments: names,
    help: `
Every finding has a place, a rule and a remedy; what the rules are is in
docs/validating.md. Nothing is asked over the network.

Examples:
  Check a checkout, as a pull request's job does:
    image-updater validate --images etc/images --output github
  Warnings fail it, too, and only Ubuntu is looked at:
    image-updater validate --images etc/images --strict 'ubuntu*'

Exit status:
  0    no error was found
  1    errors were found (with --strict: or warnings)
  2    wrong usage, or there is no such catalogue
`,
  },
  init: {
    description: 'write image definitions for distributions, or list them',
    arguments: { '[DISTRO...]': 'distributions to write, with * and ?, or all (default: list them)' },
    help: `
DISTRO is the name of a file without .yml, with * and ?, or all. Without one,
the distributions are listed. A file that is there already is never touched:
then nothing is written.

Definitions for aarch64, of daily builds and of releases that are no longer
supported come with enable: false. No version is in any of them: the first
\`image-updater update\` finds it.

Examples:
  List what there is:
    image-updater init
  Begin a catalogue:
    image-updater init ubuntu debian 'rocky*' --images etc/images

Exit status:
  0    all well
  2    wrong usage, or a file is there already or cannot be written
`,
  },
  lifecycle: {
    description: 'tell releases that are at the end of their life, and those that are missing',
    arguments: names,
    help: `
Dates come from endoflife.date and Garden Linux's release database: Ubuntu to
the end of standard support, Debian to the end of its free LTS. What cannot be
asked is told, and the dates that ship with the program stand in.

Examples:
  What has to be looked at in the next half year:
    image-updater lifecycle --images etc/images --within 180d
  See what --fix would switch off, without the network:
    image-updater lifecycle --images etc/images --offline --fix --dry-run
  For an issue in a scheduled job:
    image-updater lifecycle --images etc/images --output markdown > issue.md

Exit status:
  0    nothing to do
  1    dates could not be had, or an image could not be switched off
  2    wrong usage, configuration or catalogue, nothing was done
  10   releases are expired (and enabled), expiring or missing
`,
  },
  propose: {
    description: 'open or update one pull or merge request for each file that a run has changed',
    arguments: { '<REPORT>': 'what update --report has written' },
    help: `
REPORT is the JSON report of an update in this checkout. The working tree, the
index and the branches here stay as they are; each branch there is written anew.

In a job of GitHub Actions or GitLab CI the forge, the repository, the base
branch and the address of the API come from the job's own variables. The token
is in GITHUB_TOKEN or GITLAB_TOKEN. In GitHub Actions failed images become
annotations, and the step gets a summary.

Examples:
  In a job:
    image-updater update --images etc/images --report report.json
    image-updater propose report.json
  Against another branch than the job's:
    image-updater propose report.json --base release

Exit status:
  0    every changed file has its request (or nothing changed)
  1    a branch or a request failed, the others are done
  2    wrong usage or configuration, nothing was done
`,
  },
  config: {
    description: 'print the options in force, and where each value comes from',
    help: `
Takes the options of all other commands, too, to see what becomes of them.
What is different for one command stands below what is for all, as prune.grace.
Secrets are shown as ***.

Examples:
  What is in force here, and where it comes from:
    image-updater config
  The bucket that a job would use, with its own flags:
    image-updater config --minio-bucket test --output json | jq .options

Exit status:
  0    all well
  2    wrong usage or configuration; what can be shown is
`,
  },
} as const satisfies Readonly<Record<string, CommandDescription>>

export type CommandName = keyof typeof commands
export const commandNames = Object.keys(commands) as readonly CommandName[]

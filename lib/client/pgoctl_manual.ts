/**
 * What pgoctl tells of itself, and the exit codes it keeps to.
 * @module
 */
import type { Manual } from "../manual.ts";
import { DEFAULT_PORT } from "../ssh/protocol.ts";
import type { Status } from "../ssh/status.ts";

/** pgoctl's own exit codes; all others are the remote program's. */
export const EXIT = {
  usage: 64,
  unreachable: 69,
  internal: 70,
  hostKey: 76,
  unauthorized: 77,
} as const;

/** pgoctl's exit code for a status that pgod sends instead of a program's exit code. */
export const STATUS_EXIT: Record<Status, number> = {
  400: EXIT.usage,
  401: EXIT.unauthorized,
  404: EXIT.usage,
  406: EXIT.usage,
  500: EXIT.internal,
};

/** The commands of pgod, for readers: pgoctl itself does not load the table, a test compares the two. */
export const COMMAND_HELP: Manual["lists"][number]["entries"] = [
  ["ping", "answer, to show that the key works"],
  ["status [--json]", "show what is deployed, what is wanted and what runs"],
  ["ps [--json]", "list the service's containers"],
  ["logs [-f] [-n N] [--since TIME] [-t] [SERVICE…]", "show what containers print"],
  [
    "exec [-u USER] [-w DIR] [-e KEY=VALUE] SERVICE PROGRAM [ARGUMENT…]",
    "run a program in a container",
  ],
  ["pull", "fetch the newest revision and pull its images"],
  ["build", "fetch the newest revision and build its images"],
  ["up", "make the newest revision live (after down or stop: start it again)"],
  ["down", "remove the containers and keep them away until up or start; volumes stay"],
  ["start [SERVICE…]", "start stopped containers; without a SERVICE all of them"],
  ["stop [SERVICE…]", "stop containers; without a SERVICE all, until up or start"],
  ["restart [SERVICE…]", "restart containers; without a SERVICE all"],
  [
    "sync [--retry] [--wait]",
    "look at the repository now and deploy what is new, and wait for the outcome",
  ],
  [
    "freeze [--reason TEXT] [--for TIME]",
    "deploy nothing new until unfreeze; the branch is followed, what runs is kept running",
  ],
  ["unfreeze", "let new revisions be deployed again, from the next tick or sync on"],
  [
    "rollback [REV]",
    "make the last good deployment, or that of a revision, live again, and freeze",
  ],
  [
    "history [--json] [N]",
    "show deployments and commands, newest first, or one deployment with its steps and output",
  ],
  [
    "config [--json]",
    "show the compose file of the tip as PGO resolves it, and whether it is allowed; 65 if not",
  ],
  [
    "plan [--json] [REV]",
    "show what a deployment of the tip, or of another revision, would do; 0 nothing, 10 changes, 65 refused",
  ],
];

/** The manual of pgoctl. */
export const PGOCTL_MANUAL: Manual = {
  name: "pgoctl",
  section: 1,
  summary: "operate a service of a pgod, over SSH",
  usage: ["pgoctl [-i KEY] [-p PORT] [--strict] HOST:SERVICE//COMMAND [ARGUMENT…]"],
  description: [
    "pgoctl asks the pgod on HOST to carry out COMMAND for SERVICE. Who may do so is decided by the public keys in ssh/ of that service's own repository.",
    "Everything after the target belongs to the command and arrives unchanged.",
    "The host's key is pinned in known_hosts when it is first seen; a changed one is refused before anything is sent.",
  ],
  lists: [
    {
      title: "Options",
      entries: [
        ["-i KEY", "private key: a file, or the text of one; default: the text in PGOCTL_ID"],
        ["-p PORT", `port of pgod; default ${DEFAULT_PORT}`],
        ["--strict", "refuse a host whose key is not in known_hosts yet"],
        ["--known-hosts FILE", "where host keys are pinned; default ~/.ssh/known_hosts"],
        ["-h, --help", "show this and exit"],
        ["-v, --version", "show the version and exit"],
      ],
    },
    { title: "Commands", entries: COMMAND_HELP },
    {
      title: "Exit codes",
      entries: [
        ["0 … 255", "the remote program's own"],
        [`${EXIT.usage}`, "wrong usage: of pgoctl, or of a command (400, 404, 406)"],
        [`${EXIT.unreachable}`, "the host cannot be reached, or went away before the end"],
        [`${EXIT.internal}`, "the command failed (500)"],
        [`${EXIT.hostKey}`, "the host's key changed, is revoked, or is unknown with --strict"],
        [`${EXIT.unauthorized}`, "the key may not operate this service (401)"],
      ],
    },
    {
      title: "Environment",
      entries: [
        ["PGOCTL_ID", "the text of a private key, used without -i"],
        ["HOME", "where .ssh/known_hosts is"],
        ["USER", "the user name sent, for pgod's messages only"],
      ],
    },
  ],
  examples: [
    "pgoctl -i ~/.ssh/id_ed25519 localhost:pgo//ps",
    "pgoctl -i ~/.ssh/id_ed25519 localhost:pgo//logs -f web",
    "pgoctl -i ~/.ssh/id_ed25519 localhost:pgo//exec web sh -c 'echo $HOSTNAME'",
  ],
  seeAlso: "pgod(8), ssh(1), podman(1), podman-compose(1)",
};

/** The Deno permissions of pgoctl: any host, any key file, its own known_hosts, and nothing else. */
export function pgoctlPermissions(home: string): string[] {
  return [
    "--no-prompt",
    "--allow-net",
    "--allow-read",
    `--allow-write=${home}/.ssh`,
    "--allow-env=HOME,LOGNAME,PGOCTL_ID,USER",
  ];
}

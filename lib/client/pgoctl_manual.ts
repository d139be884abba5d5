/**
 * What pgoctl tells of itself, and the exit codes it keeps to.
 * @module
 */
import type { Manual } from "../manual.ts";
import { DEFAULT_PORT } from "../ssh/protocol.ts";
import { EXIT } from "./error.ts";

/** The commands of pgod, for readers: pgoctl itself does not load the table, a test compares the two. */
export const COMMAND_HELP: Manual["lists"][number]["entries"] = [
  ["ping", "answer, to show that the key works"],
  ["status [--json]", "show what is deployed, what is wanted and what runs"],
  ["ps [--json]", "list the service's containers"],
  ["ports [--json]", "show which host ports it owns and publishes, and who listens there"],
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
  ["stop [SERVICE…]", "stop containers until start or up; without a SERVICE all"],
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
    "history [--json] [-n N] [DEPLOYMENT]",
    "show deployments and commands, newest first; with a DEPLOYMENT's number that one, its steps and output",
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
  usage: [
    "pgoctl [OPTION…] [USER@]HOST:SERVICE//COMMAND [ARGUMENT…]",
    "pgoctl init [HOST[:SERVICE]] [OPTION…]",
  ],
  description: [
    "pgoctl asks the pgod on HOST to carry out COMMAND for SERVICE; HOST://COMMAND concerns the whole host. Who may do so is decided by the public keys in ssh/ of that service's own repository. HOST is a name, an address, [::1], or an alias of ~/.ssh/config.",
    "Everything after the target belongs to the command and arrives unchanged.",
    "Without -i and PGOCTL_ID the key that pgoctl init made is shown, ~/.ssh/pgo_SERVICE, unless an IdentityFile is configured; then keys are shown as ssh shows them: those of the ssh-agent that a file names, the agent's others, then files. A passphrase is asked for on the terminal, and only when the host would take that key. With -i nothing but that key is shown; its private half may be in the agent.",
    "The host's key is pinned in known_hosts when it is first seen, as ssh writes it; a changed one is refused before anything is sent. With PGOCTL_HOST_KEY only those keys are taken, and known_hosts is neither read nor written.",
    "With -t exec has a terminal, and the one pgoctl runs in is as it was before, however it ends; after a KILL, stty sane puts it right. Without -t bytes are clean; Ctrl-C, TERM and HUP go to the program of an exec first, a second one ends pgoctl.",
    "~/.ssh/config and /etc/ssh/ssh_config are read as ssh reads them: Host, Match, Include, and of their keywords HostName, Port, User, AddressFamily, IdentityFile, IdentitiesOnly, IdentityAgent, UserKnownHostsFile, GlobalKnownHostsFile, HashKnownHosts, HostKeyAlias, StrictHostKeyChecking, ConnectTimeout, BatchMode. Port means pgod's port: an alias that says where sshd is needs another for pgod, or -p. StrictHostKeyChecking no counts as accept-new, ask as yes. ProxyJump, ProxyCommand, and a Match exec that decides on one of these, are refused with their line. What decides between the places: the command line, then the environment, then the files.",
  ],
  lists: [
    {
      title: "Options",
      entries: [
        ["-i KEY", "private key: a file, or the text of one; default: the text in PGOCTL_ID"],
        ["-p PORT", `port of pgod; default ${DEFAULT_PORT}`],
        ["-F, --config FILE", "the ssh_config file to read, and no other; none reads none"],
        [
          "-t, -tt",
          "give exec a terminal, if stdin is one; -tt in any case. Enter ~ . leaves when the host answers no more",
        ],
        ["--strict", "refuse a host whose key is not in known_hosts yet"],
        ["--known-hosts FILE", "where host keys are pinned; default ~/.ssh/known_hosts"],
        [
          "--timeout DURATION",
          "end the whole call after 30s, 5m, …; connecting and logging in have 20 s of their own (ConnectTimeout)",
        ],
        [
          "--json",
          "give --json to a command that knows it; tell errors as one JSON object on stderr: kind, message, hint, status, exit",
        ],
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
        [`${EXIT.timeout}`, "--timeout has passed"],
        [
          `${EXIT.hostKey}`,
          "the host's key changed, is revoked, or is unknown with --strict, or is not in PGOCTL_HOST_KEY",
        ],
        [`${EXIT.unauthorized}`, "the key may not operate this service (401)"],
        ["128 + N", "signal N ended the program, or pgoctl"],
      ],
    },
    {
      title: "Environment",
      entries: [
        ["PGOCTL_ID", "the text of a private key, used without -i"],
        [
          "PGOCTL_HOST_KEY",
          "the host keys to take, as SHA256:… or as lines of public keys; set but empty is an error",
        ],
        ["SSH_AUTH_SOCK", "where the ssh-agent listens"],
        [
          "HOME",
          "where .ssh is; an installed pgoctl takes it from passwd where it is not set. Nothing is written below /",
        ],
        [
          "DENO_DIR, XDG_CACHE_HOME",
          "where an installed pgoctl keeps compiled code: DENO_DIR, else pgo in XDG_CACHE_HOME",
        ],
        ["TERM", "the kind of terminal -t asks for"],
        ["USER", "the user name sent, for pgod's messages only"],
      ],
    },
    {
      title: "Files",
      entries: [
        ["~/.ssh/pgo_SERVICE", "the key that pgoctl init made"],
        ["~/.ssh/config, /etc/ssh/ssh_config", "what ssh does"],
        ["~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts", "keys of hosts"],
        ["~/.cache/pgo", "compiled code of an installed pgoctl; may be removed at any time"],
      ],
    },
  ],
  examples: [
    "pgoctl localhost:pgo//ps",
    "pgoctl -i ~/.ssh/id_ed25519 localhost:pgo//ps",
    "pgoctl --json --timeout 30s '[2001:db8::5]:pgo//status'",
    "pgoctl -i ~/.ssh/id_ed25519 localhost:pgo//logs -f web",
    "pgoctl -t localhost:pgo//exec web sh",
    "pgoctl -i ~/.ssh/id_ed25519 localhost:pgo//exec web sh -c 'echo $HOSTNAME'",
  ],
  seeAlso: "pgoctl-init(1), pgod(8), ssh(1), podman(1), podman-compose(1)",
};

/**
 * The Deno permissions of pgoctl: any host, any key file, its own known_hosts, the socket of the ssh-agent if
 * there is one (which Deno counts as a file to write), and nothing else.
 */
export function pgoctlPermissions(home: string, agent?: string): string[] {
  return [
    "--no-prompt",
    "--allow-net",
    "--allow-read",
    `--allow-write=${home}/.ssh${agent ? `,${agent}` : ""}`,
    "--allow-env=HOME,LOGNAME,PGOCTL_HOST_KEY,PGOCTL_ID,SSH_AUTH_SOCK,TERM,USER",
  ];
}

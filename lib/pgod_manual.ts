/**
 * What pgod tells of itself.
 * @module
 */
import { DEFAULT_DIR } from "./config/flags.ts";
import type { Manual } from "./manual.ts";

/** The manual of pgod. */
export const PGOD_MANUAL: Manual = {
  name: "pgod",
  section: 8,
  summary: "follow Git branches and run their compose files, each as its own user",
  usage: [
    "pgod -c FILE [-d] [--log-format FORMAT] [-s ADDRESS] [-t DURATION] [--dir DIR] [--root=false]",
    "pgod check -c FILE",
    "pgod judge DIR [-c FILE] [--service NAME] [--dir DIR] [--json]",
    "pgod add -c FILE [OPTION…]",
    "pgod remove NAME -c FILE [--dry-run]",
    "pgod ports -c FILE [--free N] [--json] [--dir DIR]",
    "pgod urls -c FILE [--format text|json|zone|hosts] [--address ADDRESS]…",
    "pgod permissions [COMMAND] -c FILE [-s ADDRESS] [--dir DIR] [--root=false]",
  ],
  description: [
    "pgod reads a TOML file of services. For each it clones the repository, builds and pulls the images of its compose file and starts the containers with podman-compose, all as the service's own Unix user. Then it follows the branch: when the compose file changes, new images are made ready first, and only then the old containers go down and the new ones up. When those do not start, the last good deployment is started again.",
    'Operators reach pgod with pgoctl(1) or ssh(1). Who may operate a service is decided by the public keys in ssh/ of its repository, always those of the newest fetched revision, with options before a key as in authorized_keys(5): pgo-role="read", "operate" (the default) or "exec", from=, expiry-time=, no-pty. [global] admin_keys in the config names a file of root\'s with keys that may see and operate every service; [ssh] holds the limits of the SSH server. docs/ssh.md has all of it.',
    "check reads the config only and prints the services, their ports and the programs it found; it warns of ports that others hold, and of those a rootless user may not bind. ports prints the host's port book: which service owns which range, what its containers publish, and who listens; a pgod that runs is not disturbed. urls prints which names have to point at this host. Where [global] names caddy_import or nginx_include, pgod keeps that file at what the urls of all services say, and reloads the proxy when it changes. judge shows what PGO makes of the compose file in a directory, as it would for that service: everything it finds, then the resolved model. It needs neither the service's user nor Podman; without a config it judges for a service that may publish any port and nothing else. permissions prints the command line that starts pgod with exactly the Deno permissions it needs; with the words of another command, what that one is started with, and its words have to follow. An installed pgod does this by itself, and prints a line that works there.",
  ],
  lists: [
    {
      title: "Options",
      entries: [
        ["-c, --config FILE", "the config"],
        ["-d, --debug", "log what is run and what it prints"],
        [
          "--log-format FORMAT",
          "human (the default), journal (for journald: no time, level as its priority), json or logfmt; docs/events.md has every event",
        ],
        ["-s, --ssh ADDRESS", "listen there; default :2222"],
        ["-t, --duration DURATION", "look at each repository this often; default 5m"],
        ["--dir DIR", `where everything is kept; default ${DEFAULT_DIR}`],
        [
          "--root=false",
          "run everything as the invoking user; default: each service as its own, through runuser as root, else sudo",
        ],
        [
          "--notify SOCKET",
          "tell systemd there that pgod is ready, lives and stops (sd_notify(3)); needs systemd-notify",
        ],
        [
          "--deploys N",
          "carry out at most so many deployments at once, one of each Unix user; default 2. One that takes longer than 5 minutes, or is only watched, makes room for the next",
        ],
        [
          "--keep-stale DURATION",
          "keep the checkout of a service that the config does not name any more this long; default 168h",
        ],
        ["--service NAME", "judge for this service of the config"],
        ["--json", "judge tells it as JSON: verdict, findings, model; ports and urls do too"],
        [
          "--free N",
          "ports prints the lowest N host ports in a row that are free, as the config writes them",
        ],
        [
          "--format FORMAT",
          "how urls prints names: text, json, zone (DNS records) or hosts (/etc/hosts)",
        ],
        [
          "--address ADDRESS",
          "this host's address, or for a zone its name instead (CNAME), in what urls prints; may be repeated",
        ],
        ["-h, --help", "show this and exit"],
        ["-v, --version", "show the version and exit"],
      ],
    },
    {
      title: "Signals",
      entries: [
        ["SIGHUP", "read the config again; a wrong one is refused and the old one stays"],
        [
          "SIGTERM, SIGINT",
          "stop; deployments under way get 60 s to end, containers go on running",
        ],
      ],
    },
    {
      title: "Exit codes",
      entries: [
        ["0", "stopped by a signal, or check found nothing wrong"],
        ["1", "could not start"],
        ["2", "the config or the command line is wrong"],
        ["65", "judge found something wrong or not allowed"],
      ],
    },
    {
      title: "Environment",
      entries: [
        ["PATH", "where programs are; an installed pgod adds /usr/sbin and /sbin"],
        [
          "DENO_DIR, XDG_CACHE_HOME",
          "where an installed pgod keeps compiled code: DENO_DIR (the unit says /var/cache/pgo), else pgo in XDG_CACHE_HOME, else ~/.cache/pgo",
        ],
      ],
    },
    {
      title: "Files",
      entries: [
        [
          "share/doc/pgo",
          "README.md, and docs/ that this page and the README name; below /usr where the Debian package brought it (there with .gz: zless reads them), else below the prefix of the install, /usr/local",
        ],
        ["DIR/pgo.db", "what was deployed and what operators wish (SQLite)"],
        ["DIR/ssh_host_ed25519_key", "pgod's host key, made once"],
        ["DIR/SERVICE/checkout", "the files of the service's revision; containers may mount these"],
        ["DIR/SERVICE/data", "the service's own data; containers may mount it"],
        ["DIR/SERVICE/auth.json", "logins of registries, while the config has some"],
        [
          "DIR/SERVICE/deployments",
          "what podman-compose was given in each deployment: build file, run file, values that only the config knows",
        ],
      ],
    },
  ],
  examples: ["pgod check -c /etc/pgo.toml", "$(pgod permissions -c /etc/pgo.toml) -d"],
  seeAlso: "pgod-add(8), pgod-remove(8), pgoctl(1), podman(1), podman-compose(1), runuser(1)",
};

/**
 * What `pgod add` and `pgod remove` tell of themselves.
 * @module
 */
import type { Manual } from "../manual.ts";
import { PORT_COUNT } from "./answers.ts";

const COMMON: Manual["lists"][number]["entries"] = [
  ["-c, --config FILE", "the config"],
  ["--dry-run", "print what would change as a unified diff, and change nothing"],
  ["--root=false", "the service runs as the invoking user: no other has to exist"],
  ["-h, --help", "show this and exit"],
];
const EXIT_CODES: Manual["lists"][number] = {
  title: "Exit codes",
  entries: [
    ["0", "done, or with --dry-run: could be done"],
    ["1", "the file could not be written, or the user not be created"],
    ["2", "the config or the command line is wrong; nothing was changed"],
  ],
};

/** The manual of `pgod add`. */
export const ADD_MANUAL: Manual = {
  name: "pgod-add",
  section: 8,
  summary: "put a service into pgod's config",
  usage: [
    "pgod add -c FILE",
    "pgod add -c FILE --name NAME --repository URL [--user USER] [--branch BRANCH] [--url NAME[=TARGET]]… [--ports RANGE… | --port-count N] [OPTION…]",
  ],
  description: [
    "pgod add writes a [[services]] block at the end of the config. Everything else in the file stays as it is, byte for byte, and the block takes over its line ends, indentation and style of lists. Without --name or --repository it asks for what is missing.",
    "What pgod check would refuse is refused before the file is touched. The file is replaced at once or not at all, through FILE.new beside it; owner, mode and links stay. An edit by somebody else meanwhile is noticed, and kept. A file that is not there is created, readable by its owner only.",
    "Ports are picked so that no other service has them, nothing listens on them now, a rootless user may bind them, and no client's end of a connection takes them.",
    "env and registries, which may hold secrets, are not options: arguments can be read by every user of the host. Write them into the block, or name a file with --env-file.",
  ],
  lists: [
    {
      title: "Options",
      entries: [
        ["--name NAME", "the service's name"],
        [
          "--repository URL",
          "its Git repository; - reads it from stdin, for one that holds a token",
        ],
        ["--user USER", "the Unix user it runs as; default NAME; never root"],
        [
          "--create-user",
          "create USER, and make it able to run rootless containers; only root can",
        ],
        ["--branch BRANCH", "the branch to follow; default main"],
        ["--ports FIRST/EXTRA", "host ports it may publish; may be repeated"],
        [
          "--port-count N",
          `how many ports in a row to pick instead; default ${PORT_COUNT}, 0 for none`,
        ],
        [
          "--url NAME[=TARGET]",
          "a name that leads to it; default TARGET: its first port; may be repeated",
        ],
        ["--compose PATH", "another compose file than the usual names"],
        [
          "--env-file, --git-credentials, --git-key, --git-known-hosts FILE",
          "files of these keys of the config",
        ],
        [
          "--profile, --mount, --network, --volume, --secret, --allow",
          "an item of these lists of the config; may be repeated",
        ],
        ...COMMON,
      ],
    },
    EXIT_CODES,
  ],
  examples: [
    "pgod add -c /etc/pgo.toml --name wiki --repository https://git.example.org/wiki.git --create-user",
    "pgod add -c /etc/pgo.toml --name wiki --repository https://git.example.org/wiki.git --url wiki.example.org --dry-run",
  ],
  seeAlso: "pgod(8), pgod-remove(8), pgoctl-init(1)",
};

/** The manual of `pgod remove`. */
export const REMOVE_MANUAL: Manual = {
  name: "pgod-remove",
  section: 8,
  summary: "take a service out of pgod's config",
  usage: ["pgod remove NAME -c FILE [--dry-run] [--root=false]"],
  description: [
    "pgod remove takes the [[services]] block of NAME out of the config, and nothing else. To a block belong its header, its keys, its sub-tables, the comments among them, and the comments that no empty line parts from it: those above its header, and those below its last key unless the next header follows them at once. One empty line goes with it: the one before it or, at the top of the file, the one after it.",
    "When pgod reads its config again (SIGHUP) it takes the service's containers down. Volumes and data stay, the checkout stays as long as --keep-stale says, and the Unix user stays.",
    "The file is replaced as by pgod-add(8). A config that is wrong elsewhere may lose a service all the same.",
  ],
  lists: [{ title: "Options", entries: COMMON }, EXIT_CODES],
  examples: ["pgod remove wiki -c /etc/pgo.toml --dry-run"],
  seeAlso: "pgod(8), pgod-add(8)",
};

/**
 * What `pgoctl init` tells of itself, and the Deno permissions it needs.
 * @module
 */
import type { Manual } from "../manual.ts";
import { DEFAULT_PORT } from "../ssh/protocol.ts";

/** The manual of `pgoctl init`. */
export const INIT_MANUAL: Manual = {
  name: "pgoctl-init",
  section: 1,
  summary: "make a Git repository ready to be a service of pgod",
  usage: [
    "pgoctl init [HOST[:SERVICE]] [-C DIR] [--ci gitlab|github|none] [--key FILE] [--image IMAGE] [--publish PORT[:PORT]] [-p PORT]",
  ],
  description: [
    "pgoctl init makes a key pair: the private half in ~/.ssh, never in the repository, and the public half in ssh/, where pgod looks for those who may operate the service. It writes a minimal compose file, and a CI job that makes each push live. Then it says what is left to do: how the CI gets the private key, and what the admin of HOST has to run.",
    "Nothing that is there is ever changed: of each file it is said whether it was written or was there.",
    "SERVICE defaults to the name of the repository. Without HOST the CI job takes it from the variable PGO_HOST. The CI is known by the URL of origin.",
  ],
  lists: [
    {
      title: "Options",
      entries: [
        ["-C DIR", "the repository's top directory; default: the current one"],
        ["--ci CI", "gitlab, github or none"],
        ["--key FILE", "the private key; default ~/.ssh/pgo_SERVICE; one that is there is used"],
        [
          "--image IMAGE",
          "what the compose file starts; default: what a Containerfile or Dockerfile at the top builds, else nginx",
        ],
        [
          "--publish PORT[:PORT]",
          "the host's port, and the container's; default: one that follows from SERVICE, and 80 or 8080",
        ],
        ["-p PORT", `port of pgod, for the CI job; default ${DEFAULT_PORT}`],
        ["-h, --help", "show this and exit"],
      ],
    },
    {
      title: "Exit codes",
      entries: [["0", "done"], ["64", "wrong usage"], [
        "70",
        "something could not be written; run it again, it goes on from there",
      ]],
    },
  ],
  examples: ["pgoctl init myhost:shop", "deno task --config ~/pgo/deno.json init myhost:shop"],
  seeAlso: "pgoctl(1), pgod-add(8), pgod(8)",
};

/** The Deno permissions of `pgoctl init` for a repository in `directory`. */
export function initPermissions(home: string, directory: string): string[] {
  return [
    "--no-prompt",
    "--allow-read",
    `--allow-write=${directory},${home}/.ssh`,
    "--allow-env=HOME",
  ];
}

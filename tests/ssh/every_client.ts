/**
 * SSH clients as Debian has them, and pgoctl: how each is told where to go and which key to show.
 * @module
 */
import { fileURLToPath } from "node:url";
import { split } from "shlex";
import { pgoctlPermissions } from "../../lib/client/pgoctl_manual.ts";

/** Where a server listens on 127.0.0.1. */
export interface Place {
  port: number;
  /** Where the keys are: the clients' home. */
  dir: string;
  /** The server's key, `SHA256:…`. */
  hostKey: string;
}

/** A client. */
export interface Client {
  name: string;
  /** The Debian package that has it. */
  debian: string;
  /** A command line that succeeds where it is installed. */
  version: string[];
  /** Its option for a terminal; undefined: the test's program has none. */
  terminal?: string;
  /** Makes of the OpenSSH key `path` what it can read; undefined: it reads that. */
  convert?(path: string): string[];
  /** The command line that has `line` executed, as user `miek`, with the key `DIR/KEY`; `more` are options. */
  argv(place: Place, key: string, line: string, more?: string[]): string[];
}

/** Debian's own: another one that is first in PATH would not have paramiko. */
const PYTHON = "/usr/bin/python3";
const PGOCTL = fileURLToPath(new URL("../../pgoctl.ts", import.meta.url));
const PARAMIKO = fileURLToPath(new URL("paramiko_client.py", import.meta.url));

/** All of them. */
export const CLIENTS: Client[] = [
  {
    name: "OpenSSH",
    debian: "openssh-client",
    version: ["ssh", "-V"],
    terminal: "-t",
    argv({ dir, port }, key, line, more = []) {
      const options = [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "LogLevel=ERROR",
        "StrictHostKeyChecking=accept-new",
        `UserKnownHostsFile="${dir}/known_hosts"`,
      ].flatMap((option) => ["-o", option]);
      const to = ["-i", `${dir}/${key}`, "-p", `${port}`];
      return ["ssh", "-F", "none", ...options, ...to, ...more, "miek@127.0.0.1", line];
    },
  },
  {
    name: "dbclient",
    debian: "dropbear-bin",
    version: ["dbclient", "-V"],
    terminal: "-t",
    convert: (path) => ["dropbearconvert", "openssh", "dropbear", path, `${path}.dropbear`],
    argv({ dir, port }, key, line, more = []) {
      const to = ["-i", `${dir}/${key}.dropbear`, "-p", `${port}`];
      // Twice: it does not keep the host's key.
      return ["dbclient", "-y", "-y", ...to, ...more, "miek@127.0.0.1", line];
    },
  },
  {
    name: "plink",
    debian: "putty-tools",
    version: ["plink", "-V"],
    terminal: "-t",
    convert: (path) => ["puttygen", path, "-O", "private", "-o", `${path}.ppk`],
    argv({ dir, port, hostKey }, key, line, more = []) {
      const to = ["-i", `${dir}/${key}.ppk`, "-P", `${port}`, "-hostkey", hostKey];
      return ["plink", "-ssh", "-batch", "-noagent", ...to, ...more, "miek@127.0.0.1", line];
    },
  },
  {
    name: "paramiko",
    debian: "python3-paramiko",
    version: [PYTHON, "-c", "import paramiko"],
    argv: ({ dir, port }, key, line, more = []) => [
      PYTHON,
      PARAMIKO,
      `${port}`,
      `${dir}/${key}`,
      line,
      ...more,
    ],
  },
  {
    name: "pgoctl",
    debian: "deno",
    version: ["deno", "--version"],
    argv({ dir, port }, key, line, more = []) {
      const [target = "", ...words] = split(line);
      const to = ["-i", `${dir}/${key}`, "-p", `${port}`, ...more, `127.0.0.1:${target}`];
      return ["deno", "run", "-q", ...pgoctlPermissions(dir), PGOCTL, ...to, ...words];
    },
  },
];

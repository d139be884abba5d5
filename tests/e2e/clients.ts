/**
 * The clients of a test's pgod, as real processes: pgoctl, and OpenSSH's ssh.
 * @module
 */
import { fileURLToPath } from "node:url";
import { pgoctlPermissions } from "../../lib/client/pgoctl_manual.ts";
import { denoDir, type Result, sh } from "./shell.ts";

const PGOCTL = fileURLToPath(new URL("../../pgoctl.ts", import.meta.url));

/** Where a pgod listens, and the directory with the keys and the clients' home. */
export interface Place {
  dir: string;
  port: number;
}

/** The command line of a pgoctl that has `home` for its own, and may use the agent at a socket. */
export function pgoctlCommand(home: string, agent?: string): string[] {
  return ["deno", "run", "-q", ...pgoctlPermissions(home, agent), PGOCTL];
}

/** Runs pgoctl. */
export function pgoctl(
  { dir, port }: Place,
  target: string,
  args: string[] = [],
  { key = "good", stdin }: { key?: string; stdin?: string } = {},
): Promise<Result> {
  const home = `${dir}/home`;
  const to = ["-i", `${dir}/${key}`, "-p", `${port}`, `127.0.0.1:${target}`];
  return sh([...pgoctlCommand(home), ...to, ...args], {
    env: { HOME: home, USER: "miek", DENO_DIR: denoDir() },
    stdin,
  });
}

/** The command line of an ssh that has `line` executed. */
export function sshCommand(
  { dir, port }: Place,
  line: string,
  { key = "good", more = [] }: { key?: string; more?: string[] } = {},
): string[] {
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=no",
    `UserKnownHostsFile="${dir}/home/ssh_known"`,
    "LogLevel=ERROR",
    "IdentitiesOnly=yes",
  ].flatMap((option) => ["-o", option]);
  const to = ["-i", `${dir}/${key}`, "-p", `${port}`];
  return ["ssh", "-F", "none", ...options, ...to, ...more, "miek@127.0.0.1", line];
}

/** Runs OpenSSH's client. */
export function ssh(
  place: Place,
  line: string,
  { stdin, ...options }: { key?: string; stdin?: string; more?: string[] } = {},
): Promise<Result> {
  const env = { HOME: `${place.dir}/home`, USER: "miek" };
  return sh(sshCommand(place, line, options), { env, stdin });
}

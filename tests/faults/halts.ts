/**
 * Programs that can be halted: in front of git, podman and podman-compose, so that a fault can be made to happen
 * before or after exactly one of their calls.
 * @module
 */
import { ok, sh, until } from "../e2e/shell.ts";

const PROGRAMS = ["git", "podman", "podman-compose"];

/** A directory of stand-ins, to be found first in PATH. */
export interface Halts {
  path: string;
  /** The next call whose words hold `words` halts, before it is made or after it has ended. */
  halt(when: "before" | "after", words: string): Promise<void>;
  /** Resolves when that call has come. @throws {Error} when it does not. */
  reached(): Promise<void>;
  /** Ends the halted call as a crash would: it never goes on. */
  drop(): Promise<void>;
  /** Lets it go on. */
  release(): Promise<void>;
  remove(): Promise<void>;
}

/** Makes the stand-ins. */
export async function createHalts(): Promise<Halts> {
  const path = await Deno.makeTempDir({ prefix: "pgo-halts-" });
  await Deno.mkdir(`${path}/state`);
  for (const program of PROGRAMS) {
    const real = await ok(["sh", "-c", 'command -v -- "$1"', "sh", program]);
    await Deno.writeTextFile(`${path}/${program}`, script(path, real, program), { mode: 0o755 });
  }
  await ok(["chmod", "755", path]);
  await ok(["chmod", "777", `${path}/state`]);
  const fault = `${path}/state/fault`, reached = `${path}/state/reached`;
  const release = async () => void await ok(["rm", "-f", fault, reached]);
  return {
    path,
    release,
    async halt(when, words) {
      await release();
      await Deno.writeTextFile(fault, `${when}\n${words}\n`);
    },
    async reached() {
      await until("the step", async () => (await Deno.readTextFile(reached)).trim() !== "", 45_000);
    },
    async drop() {
      await sh(["kill", "-s", "KILL", (await Deno.readTextFile(reached)).trim()]);
      await release();
    },
    remove: async () => void await ok(["rm", "-rf", path]),
  };
}

function script(path: string, real: string, program: string): string {
  return `#!/bin/sh
fault=${path}/state/fault reached=${path}/state/reached
if [ -e "$fault" ] && [ ! -e "$reached" ]; then
  { read -r when; read -r words; } <"$fault"
  case "${program} $*" in
    *"$words"*)
      code=
      if [ "$when" = after ]; then ${real} "$@"; code=$?; fi
      echo $$ >"$reached"
      while [ -e "$fault" ]; do sleep 0.1; done
      if [ -n "$code" ]; then exit "$code"; fi ;;
  esac
fi
exec ${real} "$@"
`;
}

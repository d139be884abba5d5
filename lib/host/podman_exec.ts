/**
 * What a `podman exec` started inside its container: Podman passes no signal on to it, and leaves it
 * running when the exec itself is killed.
 * @module
 */
import type { User } from "./as_user.ts";
import { sleep } from "./clock.ts";
import type { Run } from "./process.ts";

/** The variable that marks what one exec started. */
export const EXEC_VARIABLE = "PGO_EXEC";

/**
 * Sends a signal (`INT`, …) to everything that carries `marker` in {@link EXEC_VARIABLE}: the program and
 * its children, as the process group of a terminal. Looked for from inside the user's own namespace, since
 * it may run under a subordinate uid.
 */
export async function signalExec(
  run: Run,
  user: User,
  marker: string,
  signal: string,
): Promise<void> {
  const script =
    `for f in $(grep -lsz "^${EXEC_VARIABLE}=$1\\$" /proc/[0-9]*/environ); do p=\${f#/proc/}; ` +
    'kill -s "$2" "${p%/environ}" 2>/dev/null; done; true';
  await run({ argv: ["podman", "unshare", "sh", "-c", script, "sh", marker, signal], user });
}

/** Ends it: first it is asked by `signal`, half a second later killed. */
export async function endExec(
  run: Run,
  user: User,
  marker: string,
  signal: "TERM" | "HUP",
): Promise<void> {
  await signalExec(run, user, marker, signal);
  await sleep(500);
  await signalExec(run, user, marker, "KILL");
}

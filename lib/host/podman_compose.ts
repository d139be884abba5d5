/**
 * podman-compose changes things; whether it did is asked of Podman, since 1.0.3 exits 0 whatever happens.
 * @module
 */
import type { User } from "./as_user.ts";
import type { Command, Run } from "./process.ts";

/** What podman-compose is asked to do, with a build file (`build`) or a run file (`up`, `down`). */
export type Action = "build" | "up" | "down";

/** Milliseconds each action may take. */
const DEADLINES: Record<Action, number> = { build: 60 * 60_000, up: 10 * 60_000, down: 5 * 60_000 };

/** The one argv of each action. */
export function composeArgv(
  service: string,
  file: string,
  action: Action,
  services: readonly string[] = [],
): [string, ...string[]] {
  // What was judged is what is built: nothing is pulled anew by then.
  const rest = action === "up"
    ? ["up", "-d", ...services]
    : action === "build"
    ? ["--podman-build-args=--pull-never", action]
    : [action];
  return ["podman-compose", "-p", service, "-f", file, ...rest];
}

/**
 * Runs podman-compose; `env` holds the values of variables that `file` leaves open.
 * Returns its exit code, which is no proof of success.
 */
export async function compose(
  run: Run,
  user: User,
  call: {
    service: string;
    file: string;
    action: Action;
    /** Only these of the file's; default: all. */
    services?: readonly string[];
    env?: Record<string, string>;
  },
  output: Pick<Command, "stdout" | "stderr" | "signal">,
): Promise<number> {
  const { stdout, stderr, signal } = output;
  const { code } = await run({
    stdout,
    stderr,
    // Half an up or a down is what nobody wants, whoever asked for it and is gone.
    signal: call.action === "build" ? signal : undefined,
    argv: composeArgv(call.service, call.file, call.action, call.services),
    user,
    // Health checks are run by PGO; without systemd Podman would complain about each timer.
    env: { ...call.env, DISABLE_HC_SYSTEMD: "true", PYTHONUNBUFFERED: "1" },
    deadline: DEADLINES[call.action],
  });
  return code;
}

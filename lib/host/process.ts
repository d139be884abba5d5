/**
 * The one door to other processes.
 * @module
 */
import type { Log } from "../log.ts";
import { asUser, type User, type UserSwitch } from "./as_user.ts";
import { behalf } from "./behalf.ts";
import { sleep, within } from "./clock.ts";
import { OWN, Starts } from "./starts.ts";
import { drain, feed, type Sink, TOO_MUCH } from "./streams.ts";

/** A program to run, without a shell. It starts in `/`: all paths in `argv` are absolute. */
export interface Command {
  argv: readonly [string, ...string[]];
  /** What the log and errors say is run, where `argv` only leads there; default: `argv`. */
  shown?: readonly string[];
  /** Whom it runs as; undefined: pgod itself. */
  user?: User;
  /** Variables beside HOME, PATH, USER, LOGNAME, LANG and XDG_RUNTIME_DIR. May hold secrets. */
  env?: Record<string, string>;
  stdin?: string | ReadableStream<Uint8Array>;
  /** Where output goes; undefined: it is collected, up to `limit` bytes. */
  stdout?: Sink;
  /** That it waits for its turn as what is collected does, although `stdout` takes its output. */
  queued?: boolean;
  stderr?: Sink;
  /** Bytes of output that are collected at most; default {@link import("./streams.ts").COLLECT_LIMIT}. */
  limit?: number;
  /** Milliseconds after which it is ended; default {@link DEADLINE}, 0 for none. */
  deadline?: number;
  /** Ends it and everything it started; undefined: that of whoever has asked for it ({@link behalf}). */
  signal?: AbortSignal;
}

/** How a program ended. */
export interface Outcome {
  /** Exit code; 128 + signal number when a signal ended it. */
  code: number;
  /** Collected output, empty where a sink took it. */
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. @throws {ProcessError} when it could not run or was ended early. */
export type Run = (command: Command) => Promise<Outcome>;

/** A command that could not be started, or was ended by its deadline, its signal or its output's size. */
export class ProcessError extends Error {}

/** A command that was ended because it printed more than is collected. */
export class OutputError extends ProcessError {}

/** Milliseconds a command may take unless it says otherwise. */
export const DEADLINE = 60_000;
/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE = 5_000;
/** Programs that are started at once: of those that pgod only asks something, and of those that clients watch. */
const AT_ONCE = 4;

/** {@link Run} on this host: `how` switches users, `path` is where children find programs. */
export function createRun(
  options: { how: UserSwitch; log: Log; path?: string; grace?: number },
): Run {
  const { log, how, path } = options;
  // Apart, so that ticks and boots leave room for those who watch.
  const [questions, watched] = [new Starts(AT_ONCE), new Starts(AT_ONCE)];
  return async function run(command) {
    const asked = behalf();
    const { argv, shown = argv, signal = asked.signal, user } = command;
    const question = !command.stdout || command.queued;
    signal?.throwIfAborted();
    const whose = asked.user ?? user?.name ?? OWN;
    // What pgod itself reads as it comes is bounded by whatever it does that for.
    const starts = question ? questions : asked.user === undefined ? undefined : watched;
    const giveBack = await starts?.turn(whose, signal);
    try {
      if (signal?.aborted) throw new ProcessError(`${shown[0]} ${endedBy(signal)}`);
      return await runNow(signal ? { ...command, signal } : command);
    } finally {
      giveBack?.();
    }
  };

  async function runNow(command: Command): Promise<Outcome> {
    const { user, signal, argv, shown = argv } = command;
    const own = asUser(argv, user, how, command.env, path);
    log.debug(
      "program.started",
      `running${user ? ` as "${user.name}"` : ""} [${shown.join(" ")}]`,
      { user: user?.name },
    );
    const child = spawn(own, command.stdin !== undefined);
    const stopping = new AbortController();
    let reason = "";
    const stop = (why: string) => {
      if (stopping.signal.aborted) return;
      reason = why;
      stopping.abort();
      void end(child, user);
    };
    const timer = new AbortController();
    const deadline = command.deadline ?? DEADLINE;
    if (deadline > 0) {
      void sleep(deadline, timer.signal).then(() =>
        timer.signal.aborted || stop(`took longer than ${deadline / 1000} s`)
      );
    }
    const onAbort = () => signal && stop(endedBy(signal));
    signal?.addEventListener("abort", onAbort);
    try {
      const exited = child.status;
      if (command.stdin !== undefined) void feed(child.stdin, command.stdin, stopping.signal);
      const [stdout, stderr, status] = await Promise.all([
        drain(child.stdout, command.stdout, exited, stop, command.limit),
        drain(child.stderr, command.stderr, exited, stop, command.limit),
        exited,
      ]);
      if (reason) {
        throw new (reason === TOO_MUCH ? OutputError : ProcessError)(`${shown[0]} ${reason}`);
      }
      return { code: status.code, stdout, stderr };
    } finally {
      timer.abort();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async function endGroup(
    child: Deno.ChildProcess,
    user: User | undefined,
    signal: "TERM" | "KILL",
  ): Promise<boolean> {
    const kill = asUser(["kill", "-s", signal, "--", `-${child.pid}`], user, how, {}, path);
    try {
      return (await spawn(kill, false).output()).success;
    } catch {
      // pgod itself may start few programs, and what it starts has no children: this needs no other program.
      try {
        child.kill(`SIG${signal}`);
        return true;
      } catch {
        return false;
      }
    }
  }

  /** Ends the whole process group, as its own user: no signal can then reach somebody else's process. */
  async function end(child: Deno.ChildProcess, user: User | undefined): Promise<void> {
    const grace = options.grace ?? GRACE;
    const started = performance.now();
    for (let signal: "TERM" | "KILL" = "TERM"; await within(1, child.status) === undefined;) {
      // It fails while the child has not switched users yet, or has just ended: hence the loop.
      const success = await endGroup(child, user, signal);
      await within(success ? (signal === "TERM" ? grace : 1000) : 50, child.status);
      if (performance.now() - started >= grace) signal = "KILL";
    }
  }
}

/** That a signal ended it, and why if whoever aborted it has said so. */
function endedBy({ reason }: AbortSignal): string {
  const isSaid = reason instanceof Error && reason.name !== "AbortError";
  return `was ended${isSaid ? `: ${reason.message}` : ""}`;
}

function spawn(
  { argv: [program = "", ...args], env }: { argv: string[]; env: Record<string, string> },
  stdin: boolean,
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args,
      env,
      clearEnv: true,
      cwd: "/",
      // A process group of its own: what it starts can be ended together with it.
      detached: true,
      stdin: stdin ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new ProcessError(`pgod may not run ${program}: start it with --allow-run=${program}`);
    }
    if (error instanceof Deno.errors.NotFound) {
      throw new ProcessError(`${program} is not installed`);
    }
    throw new ProcessError(`${program} did not start: ${(error as Error).message}`);
  }
}

/**
 * `exec`: a program inside a container, in the client's terminal if it has one, and ended with the client.
 * @module
 */
import { endExec, EXEC_VARIABLE, signalExec } from "../host/podman_exec.ts";
import { runInTerminal } from "../host/terminal.ts";
import type { SignalName } from "../ssh/signals.ts";
import { StatusError } from "../ssh/status.ts";
import { type Command, value } from "./command.ts";
import { pickContainers } from "./pick.ts";

/** Runs a program in the running container of a compose service; stdin reaches it, its exit code comes back. */
export const exec: Command = {
  name: "exec",
  role: "exec",
  summary: "run a program in a container",
  args: "SERVICE PROGRAM [ARGUMENT…]",
  arity: [2, 1000],
  passthrough: true,
  options: [
    {
      name: "user",
      short: "u",
      value: "USER",
      summary: "as this user of the container",
      pattern: /^[\w][\w.:-]*$/,
    },
    {
      name: "workdir",
      short: "w",
      value: "DIR",
      summary: "in this directory of the container",
      pattern: /^\//,
    },
    {
      name: "env",
      short: "e",
      value: "KEY=VALUE",
      summary: "with this variable",
      pattern: /^[A-Za-z_]\w*=/,
      multiple: true,
    },
  ],
  async run(call) {
    const { service, args, signal, stdin, stdout, stderr, terminal } = call;
    const [name = "", ...program] = args;
    const picked = await pickContainers(call, [name]);
    const container = picked.find(({ state }) => state === "running");
    if (!container) {
      throw new StatusError(400, `no container of ${JSON.stringify(name)} runs, try start`);
    }
    const marker = crypto.randomUUID();
    const flags = ["user", "workdir"].flatMap((option) => {
      const given = value(call, option);
      return given === undefined ? [] : [`--${option}=${given}`];
    });
    const env = (call.options.get("env") ?? []).map((given) => `--env=${given}`);
    const { host: { run, log }, user } = service;
    const child = {
      argv: [
        "podman",
        "exec",
        ...(terminal ? ["-it", `--env=TERM=${terminal.term}`] : ["-i"]),
        ...env,
        // Last, so that nothing the client sets takes its place.
        `--env=${EXEC_VARIABLE}=${marker}`,
        ...flags,
        "--",
        container.id,
        ...program,
      ],
      user,
      stdin,
      stdout,
      signal,
    } as const;
    const over = new AbortController();
    const ended = AbortSignal.any([signal, over.signal]);
    call.takeSignals(oneByOne(ended, async (name) => {
      try {
        await signalExec(run, user, marker, name);
      } catch (error) {
        const why = (error as Error).message;
        log.warn("ssh.signal", `SIG${name} did not reach the program: ${why}`, {
          service: service.config.name,
          signal: name,
        });
      }
    }));
    try {
      return terminal
        ? await runInTerminal(run, child, terminal)
        : (await run({ ...child, stderr, deadline: 0 })).code;
    } finally {
      over.abort();
      // A terminal that goes away hangs up on what it held.
      if (signal.aborted) await endExec(run, user, marker, terminal ? "HUP" : "TERM");
    }
  },
};

/**
 * Takes signals for a program, of which `send` delivers one at a time. Those that come meanwhile wait, each name
 * once, as for any process; what still waits when it has `ended` is dropped.
 */
function oneByOne(
  ended: AbortSignal,
  send: (name: SignalName) => Promise<void>,
): (name: SignalName) => void {
  const waiting = new Set<SignalName>();
  let sending = false;
  const work = async () => {
    sending = true;
    for (const name of waiting) {
      if (ended.aborted) break;
      waiting.delete(name);
      await send(name);
    }
    sending = false;
  };
  return (name) => {
    if (ended.aborted) return;
    waiting.add(name);
    if (!sending) void work();
  };
}

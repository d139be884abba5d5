/**
 * `exec`: a program inside a container, ended with the client that asked for it.
 * @module
 */
import { endExec } from "../host/podman.ts";
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
    const { service, args, signal, stdin, stdout, stderr } = call;
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
    try {
      const { code } = await service.host.run({
        argv: [
          "podman",
          "exec",
          "-i",
          ...env,
          // Last, so that nothing the client sets takes its place.
          `--env=PGO_EXEC=${marker}`,
          ...flags,
          "--",
          container.id,
          ...program,
        ],
        user: service.user,
        stdin,
        stdout,
        stderr,
        signal,
        deadline: 0,
      });
      return code;
    } finally {
      if (signal.aborted) await endExec(service.host.run, service.user, marker);
    }
  },
};

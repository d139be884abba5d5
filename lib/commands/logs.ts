/**
 * `logs`: what containers print, as they print it.
 * @module
 */
import { gathered } from "../host/gather.ts";
import type { Container } from "../host/podman.ts";
import type { Sink } from "../host/streams.ts";
import { type Call, type Command, value } from "./command.ts";
import { knownContainers, pickContainers } from "./pick.ts";

/** Podman's exit code when it could not begin. */
const NOTHING_DONE = 125;

/** What containers print. */
export const logs: Command = {
  name: "logs",
  role: "read",
  summary: "show what containers print",
  args: "[SERVICE…]",
  arity: [0, 100],
  options: [
    { name: "follow", short: "f", summary: "go on until you end it" },
    {
      name: "tail",
      short: "n",
      value: "N",
      summary: "only the last N lines",
      pattern: /^\d{1,9}$/,
    },
    {
      name: "since",
      value: "TIME",
      summary: "only since then: 10m, 2026-11-23T10:00:00Z",
      pattern: /^[\w:.+][\w:.+-]*$/,
    },
    { name: "timestamps", short: "t", summary: "with the time of each line" },
  ],
  async run(call) {
    const known = knownContainers(call);
    if (known) {
      const { stderr, isGone } = unlessGone(call.stderr);
      const code = await show({ ...call, stderr }, known);
      if (!await isGone(code)) return code;
      call.service.running = undefined;
    }
    return await show(call, await pickContainers(call));
  },
};

async function show(call: Call, picked: readonly Container[]): Promise<number> {
  const { service, stdout, stderr, signal } = call;
  const flags = [
    ...(call.options.has("follow") ? ["--follow"] : []),
    ...(call.options.has("timestamps") ? ["--timestamps"] : []),
    ...["tail", "since"].flatMap((name) =>
      value(call, name) === undefined ? [] : [`--${name}=${value(call, name)}`]
    ),
    ...(picked.length > 1 ? ["--names"] : []),
  ];
  const program = gathered(["podman", "logs", ...flags, "--", ...picked.map(({ id }) => id)]);
  return (await service.host.run({
    ...program,
    user: service.user,
    stdout,
    stderr,
    signal,
    deadline: 0,
  })).code;
}

/** Holds back what Podman says of a container that somebody has removed, until it is known whether that was all. */
function unlessGone(stderr: Sink): { stderr: Sink; isGone(code: number): Promise<boolean> } {
  let held: Uint8Array | undefined;
  let first = true;
  const release = async () => {
    const chunk = held;
    held = undefined;
    if (chunk) await stderr(chunk);
  };
  return {
    async stderr(chunk) {
      const isFirst = first;
      first = false;
      if (isFirst && /^Error: .*no such container\n$/.test(new TextDecoder().decode(chunk))) {
        held = chunk;
        return;
      }
      await release();
      await stderr(chunk);
    },
    async isGone(code) {
      if (code === NOTHING_DONE && held) return true;
      await release();
      return false;
    },
  };
}

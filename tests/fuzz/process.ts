/**
 * The program under test as a process: starts it, asks it how it is, and tells when it has died.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { SshLimits } from "../../lib/config/ssh.ts";
import { within } from "../../lib/host/clock.ts";
import { type FuzzKey, makeFuzzKey, RawClient } from "./raw_client.ts";
import type { Vitals } from "./subject.ts";
import { Buffer } from "node:buffer";
import { concat, MESSAGE, string, u32 } from "./wire.ts";

const SUBJECT = fileURLToPath(new URL("subject.ts", import.meta.url));
/** Programs that pgod would start, and what stands in for them. */
const STANDINS = { git: "exit 1", podman: "exec /bin/cat", "podman-compose": "exit 1" };

/** What is looked at before and after. */
export interface State extends Vitals {
  /** Resident memory of the process, bytes. */
  rss: number;
  /** TCP connections that it has open. */
  sockets: number;
  children: number;
}

/** A running program under test. */
export interface Subject {
  port: number;
  key: FuzzKey;
  /** Undefined while it lives; else its exit code and what it said. */
  death(): string | undefined;
  state(): Promise<State>;
}

/** Runs `body` beside the program, and ends both. `keys`: further public keys. */
export async function withSubject(
  { limits, keys = [] }: { limits: Partial<SshLimits>; keys?: string[] },
  body: (subject: Subject) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(STANDINS)) {
    await Deno.writeTextFile(`${dir}/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const key = makeFuzzKey();
  const line = `ssh-ed25519 ${Buffer.from(key.blob).toString("base64")}`;
  const programs = Object.keys(STANDINS).concat("kill").map((name) => `${dir}/${name}`);
  const flags = [
    "--no-prompt",
    "--v8-flags=--expose-gc",
    `--allow-run=${programs.join(",")},kill`,
    "--allow-net=127.0.0.1",
    `--allow-read=${dir}`,
    `--allow-write=${dir}`,
    "--allow-env",
    "--allow-sys=hostname",
  ];
  const child = new Deno.Command("deno", {
    args: ["run", ...flags, SUBJECT, dir, JSON.stringify(limits), line, ...keys],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let death: string | undefined;
  let said = "";
  const ended = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said += text;
    death = `exit ${(await child.status).code}: ${said}`;
  })();
  const lines = readLines(child.stdout);
  const stdin = child.stdin.getWriter();
  const next = async () => {
    const value = (await within(20_000, lines.next()))?.value;
    if (value === undefined) {
      await within(1_000, ended);
      throw new Error(`the program under test ${death ? `has died: ${death}` : "hangs"}`);
    }
    return value;
  };
  try {
    await body({
      port: Number(await next()),
      key,
      death: () => death,
      async state() {
        await stdin.write(Uint8Array.of(10));
        const vitals: Vitals = JSON.parse(await next());
        const [rss = "", ...children] =
          (await shell(`ps -o rss= -p ${child.pid}; ps -o comm= --ppid ${child.pid}`)).split("\n");
        const sockets = await shell(`ss -Htnp state connected | grep -c pid=${child.pid},`);
        return {
          ...vitals,
          rss: Number(rss) * 1024,
          sockets: Number(sockets),
          children: children.length,
        };
      },
    });
    if (death) throw new Error(`the program under test has died: ${death}`);
  } finally {
    await stdin.close().catch(() => {});
    if (!await within(5_000, ended.then(() => true))) child.kill("SIGKILL");
    await ended;
    await Deno.remove(dir, { recursive: true });
  }
}

/** Logs in and runs one line: its exit status. An honest client, in short. */
export async function honest({ port, key }: Subject, line: string): Promise<number | undefined> {
  const client = await RawClient.loggedIn(port, key);
  try {
    return await exec(client, line, 0);
  } finally {
    await client.finish();
  }
}

/** Opens the `number`th channel of a connection, and runs one line in it to its end; undefined when there was none. */
export async function exec(
  client: RawClient,
  line: string | Uint8Array,
  number: number,
): Promise<number | undefined> {
  await client.send(
    concat(MESSAGE.channelOpen, string("session"), u32(number), u32(1 << 21), u32(32_768)),
  );
  const opened = await client.receiveAny(
    MESSAGE.channelOpenConfirmation,
    MESSAGE.channelOpenFailure,
  );
  if (opened?.[0] !== MESSAGE.channelOpenConfirmation) return undefined;
  const channel = opened.subarray(5, 9);
  await client.send(concat(MESSAGE.channelRequest, channel, string("exec"), 1, string(line)));
  await client.send(concat(MESSAGE.channelEof, channel));
  let status: number | undefined;
  for (;;) {
    const payload = await client.receiveAny(MESSAGE.channelRequest, MESSAGE.channelClose);
    if (!payload) return undefined;
    if (payload[0] === MESSAGE.channelClose) break;
    status = new DataView(payload.buffer, payload.byteOffset + payload.length - 4).getUint32(0);
  }
  await client.send(concat(MESSAGE.channelClose, channel));
  return status;
}

async function shell(script: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  return new TextDecoder().decode(stdout).trim();
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

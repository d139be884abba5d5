/**
 * pgoctl's side of the wire: one exec line, streams, an exit status.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { sendSignal } from "../ssh/internals.ts";
import type { SignalName } from "../ssh/signals.ts";
import { connect, type Login } from "./connection.ts";
import { ClientError } from "./error.ts";
import type { Screen } from "./screen.ts";

/** One command to run on a pgod. */
export interface RemoteCommand extends Login {
  /** The exec line. */
  line: string;
  /** undefined: the command gets an empty stdin. */
  stdin?: ReadableStream<Uint8Array>;
  stdout(chunk: Uint8Array): Promise<void>;
  stderr(chunk: Uint8Array): Promise<void>;
  /** The terminal it gets. */
  screen?: Screen;
  /** Called once it runs, with a way to send it signals. */
  onRunning?(deliver: (name: SignalName) => void): void;
}

/** Runs it; returns the exit status as pgod sent it. @throws {ClientError} */
export async function runRemote(command: RemoteCommand): Promise<number> {
  const { client, close } = await connect(command);
  let cut = true;
  try {
    const status = await exec(client, command);
    cut = false;
    return status;
  } finally {
    command.screen?.close(cut);
    close();
  }
}

function exec(client: ssh2.Client, command: RemoteCommand): Promise<number> {
  return new Promise((resolve, reject) => {
    const lost = () =>
      reject(
        new ClientError("lost", `${command.host} closed the connection before the command ended`),
      );
    client.on("close", lost);
    const { screen } = command;
    const size = screen?.size() ?? { rows: 0, cols: 0 };
    const pty = screen && { term: screen.term, ...size, width: 0, height: 0 };
    client.exec(command.line, pty ? { pty } : {}, (error, channel) => {
      if (error) {
        const why = pty ? `${command.host} gives this key no terminal` : error.message;
        return reject(new ClientError("unreachable", why));
      }
      screen?.open(({ rows, cols }) => channel.setWindow(rows, cols, 0, 0));
      command.onRunning?.((name) => sendSignal(channel, name));
      let status: number | undefined;
      channel.on("exit", (code: number | null) => status = code ?? 255);
      const closed = new Promise<void>((done) => channel.on("close", done));
      const copied = Promise.all([
        copy(channel, command.stdout),
        copy(channel.stderr, command.stderr),
      ]);
      if (command.stdin) void send(command.stdin, channel);
      else channel.end();
      Promise.all([copied, closed]).then(
        () => status === undefined ? lost() : resolve(status),
        reject,
      );
    });
  });
}

async function copy(
  stream: AsyncIterable<Uint8Array>,
  sink: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  for await (const chunk of stream) await sink(chunk);
}

async function send(
  source: ReadableStream<Uint8Array>,
  channel: ssh2.ClientChannel,
): Promise<void> {
  for await (const chunk of source) {
    if (!channel.writable) return;
    if (!channel.write(chunk)) await new Promise<void>((resume) => channel.once("drain", resume));
  }
  channel.end();
}

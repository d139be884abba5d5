/**
 * pgoctl's side of the wire: one exec line, streams, an exit status.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { connect, type Login } from "./connection.ts";
import { ClientError } from "./error.ts";

/** One command to run on a pgod. */
export interface RemoteCommand extends Login {
  /** The exec line. */
  line: string;
  /** undefined: the command gets an empty stdin. */
  stdin?: ReadableStream<Uint8Array>;
  stdout(chunk: Uint8Array): Promise<void>;
  stderr(chunk: Uint8Array): Promise<void>;
}

/** Runs it; returns the exit status as pgod sent it. @throws {ClientError} */
export async function runRemote(command: RemoteCommand): Promise<number> {
  const { client, close } = await connect(command);
  try {
    return await exec(client, command);
  } finally {
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
    client.exec(command.line, (error, channel) => {
      if (error) return reject(new ClientError("unreachable", error.message));
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

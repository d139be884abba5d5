/**
 * pgoctl's side of the connection: one key, one exec line, streams, an exit status.
 * @module
 */
import { connect as connectSocket, type Socket } from "node:net";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
import { repairEcdsa } from "./ecdsa.ts";
import { ClientError } from "./error.ts";

/** One command to run on a pgod. */
export interface RemoteCommand {
  host: string;
  port: number;
  /** Shown by pgod in a refusal; decides nothing. */
  user: string;
  /** Private key, the text of its file. */
  privateKey: string;
  /** The exec line. */
  line: string;
  /** Decides on the host's key before anything is sent; throws a {@link ClientError} to refuse. */
  verifyHost(key: Uint8Array): void;
  /** undefined: the command gets an empty stdin. */
  stdin?: ReadableStream<Uint8Array>;
  stdout(chunk: Uint8Array): Promise<void>;
  stderr(chunk: Uint8Array): Promise<void>;
}

/** Milliseconds to connect and log in. */
const TIMEOUT = 20_000;

/** Runs it; returns the exit status as pgod sent it. @throws {ClientError} */
export async function runRemote(command: RemoteCommand): Promise<number> {
  const key = ssh2.utils.parseKey(command.privateKey);
  if (key instanceof Error) throw new ClientError("key", explainKey(key.message));
  if (!key.isPrivateKey()) throw new ClientError("key", explainKey("public"));
  const privateKey = repairEcdsa(key) ?? command.privateKey;
  const sock = await openSocket(command.host, command.port);
  const client = new ssh2.Client();
  try {
    await login(client, sock, { ...command, privateKey });
    return await exec(client, command);
  } finally {
    client.end();
    sock.destroy();
  }
}

function explainKey(message: string): string {
  if (/encrypted/i.test(message)) {
    return "the key has a passphrase, which pgoctl cannot ask for yet: use one without";
  }
  return "this is no private key, expected an OpenSSH or PEM key file or its text";
}

function openSocket(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      sock.destroy();
      reject(new ClientError("unreachable", `${host} port ${port} cannot be reached: ${why}`));
    };
    // ssh2 leaves Nagle's algorithm on, which costs a round trip of delayed acknowledgements.
    const sock = connectSocket({ host, port, noDelay: true, timeout: TIMEOUT }, () => {
      sock.setTimeout(0);
      resolve(sock);
    });
    sock.once("timeout", () => fail("no answer"));
    sock.once("error", (error: Error) => fail(error.message));
  });
}

function login(client: ssh2.Client, sock: Socket, command: RemoteCommand): Promise<void> {
  return new Promise((resolve, reject) => {
    let refused: unknown;
    client.on("ready", () => resolve());
    client.on("error", (error) => {
      if (refused) return reject(refused);
      if (error.level === "client-authentication") {
        return reject(new ClientError("unauthorized", "the key was refused"));
      }
      reject(
        new ClientError("unreachable", `${command.host} port ${command.port}: ${error.message}`),
      );
    });
    client.on(
      "close",
      () =>
        reject(refused ?? new ClientError("unreachable", `${command.host} closed the connection`)),
    );
    client.connect({
      sock,
      username: command.user,
      privateKey: command.privateKey,
      readyTimeout: TIMEOUT,
      hostVerifier(key: Uint8Array) {
        try {
          command.verifyHost(key);
          return true;
        } catch (error) {
          refused = error;
          return false;
        }
      },
    });
  });
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

/**
 * pgod's SSH server: who is there, and what they ask, in bytes. What they may is not decided here.
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
import type { Address } from "../config/address.ts";
import type { SshLimits } from "../config/ssh.ts";
import { sleep } from "../host/clock.ts";
import type { Log } from "../log.ts";
import type { AuthorizedKey } from "./access.ts";
import { type Handle, serveSession } from "./session.ts";

/** What the server needs of the rest of pgod. */
export interface ServerOptions {
  address: Address;
  /** Private host key, OpenSSH format. */
  hostKey: string;
  /**
   * A key (base64) that may do something here for a client at `address`; undefined refuses it, and the client
   * offers its next.
   */
  knows(blob: string, address: string): AuthorizedKey | undefined;
  handle: Handle;
  log: Log;
  /** Asked anew for each connection. */
  limits(): SshLimits;
}

/** A server that listens. */
export interface RunningServer {
  address: { host: string; port: number };
  /** Takes no new connections, gives open ones `patience` milliseconds, then ends them. */
  stop(patience: number): Promise<void>;
}

const ALGORITHMS: ssh2.ServerConfig["algorithms"] = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
  ],
  serverHostKey: ["ssh-ed25519"],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
  ],
  hmac: [
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
  ],
  compress: ["none"],
};

/** Listens. @throws {Error} with one line when the address cannot be had. */
export async function serve(options: ServerOptions): Promise<RunningServer> {
  const { log } = options;
  const connections = new Set<Socket>();
  /** By remote address and port: those that have not logged in, in the order they came. */
  const waiting = new Map<string, Socket>();
  const server = new ssh2.Server({
    hostKeys: [options.hostKey],
    algorithms: ALGORITHMS,
    ident: "pgod",
  }, (client, info) => {
    const limits = options.limits();
    const address = info.ip;
    const remote = `${address}:${info.port}`;
    const closed = new AbortController();
    let tries = 0;
    let key: AuthorizedKey | undefined;
    let user = "";
    client.on("authentication", (context) => {
      user = context.username;
      key = context.method === "publickey"
        ? authenticate(context, (blob) => options.knows(blob, address))
        : undefined;
      if (key) return context.accept();
      if (context.method !== "none" && ++tries >= limits.authTries) {
        log.info("ssh.refused", "Refused: too many keys", { remote, user });
        return client.end();
      }
      context.reject(["publickey"]);
    });
    client.on("ready", () => waiting.delete(remote));
    let sessions = 0;
    client.on("session", (accept, reject) => {
      if (!key || ++sessions > limits.sessions * 10) return reject();
      serveSession(
        accept(),
        { key, user, address, remote, closed: closed.signal },
        options.handle,
        log,
      );
    });
    // Half of the internet's scanners break off in mid-handshake: no reason for a loud line.
    client.on(
      "error",
      (error) => log.debug("ssh.broken", `Connection broke: ${error.message}`, { remote }),
    );
    client.on("close", () => closed.abort());
  });
  const listener = createServer({ noDelay: true }, (socket) => {
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    const grace = new AbortController();
    const { unauthenticated, loginGrace } = options.limits();
    const [oldest] = waiting;
    if (oldest && waiting.size >= unauthenticated) {
      waiting.delete(oldest[0]);
      oldest[1].destroy();
    }
    connections.add(socket);
    // Here, not where ssh2 tells of a client: it does so only once the client has said something.
    waiting.set(remote, socket);
    void sleep(loginGrace, grace.signal).then(() => {
      if (waiting.get(remote) === socket) socket.destroy();
    });
    socket.on("close", () => {
      connections.delete(socket);
      if (waiting.get(remote) === socket) waiting.delete(remote);
      grace.abort();
    });
    socket.on("error", () => socket.destroy());
    server.injectSocket(socket);
  });
  const address = await listen(listener, options.address);
  return {
    address,
    async stop(patience) {
      const ended = new Promise<void>((resolve) => listener.close(() => resolve()));
      await Promise.race([ended, sleep(patience)]);
      for (const socket of connections) socket.destroy();
      await ended;
    },
  };
}

/** The key of a request that is signed, or that only asks whether signing is worth while. */
function authenticate(
  context: ssh2.PublicKeyAuthContext,
  knows: (blob: string) => AuthorizedKey | undefined,
): AuthorizedKey | undefined {
  const known = knows(context.key.data.toString("base64"));
  if (!known || known.type !== context.key.algo) return undefined;
  // ssh-rsa without a hash is SHA-1, which anybody with money can forge.
  if (known.type === "ssh-rsa" && !context.hashAlgo) return undefined;
  if (!context.signature) return known;
  const parsed = ssh2.utils.parseKey(`${known.type} ${known.blob}`);
  if (parsed instanceof Error || !context.blob) return undefined;
  return parsed.verify(context.blob, context.signature, context.hashAlgo) === true
    ? known
    : undefined;
}

function listen(
  listener: ReturnType<typeof createServer>,
  { host, port }: Address,
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const shown = `${host ?? ""}:${port}`;
    listener.on(
      "error",
      (error) => reject(new Error(`cannot listen on ${shown}: ${error.message}`)),
    );
    try {
      listener.listen(port, host ?? "::", () => {
        const bound = listener.address() as AddressInfo;
        resolve({ host: bound.address, port: bound.port });
      });
    } catch (error) {
      const why = error instanceof Deno.errors.NotCapable
        ? `pgod was not started with --allow-net=${host ?? "[::]"}:${port}`
        : (error as Error).message;
      reject(new Error(`cannot listen on ${shown}: ${why}`));
    }
  });
}

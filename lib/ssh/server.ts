/**
 * pgod's SSH server: who is there, and what they ask, in bytes. What they may is not decided here.
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Address, formatAddress } from "../config/address.ts";
import { netPermission } from "../config/permissions.ts";
import type { SshLimits } from "../config/ssh.ts";
import { sleep } from "../host/clock.ts";
import type { Log } from "../log.ts";
import { Admission } from "./admission.ts";
import { ALGORITHMS } from "./algorithms.ts";
import type { Knows } from "./authentication.ts";
import { serveConnection } from "./connection.ts";
import { disconnect, type Reason } from "./disconnect.ts";
import { insides, type Protocol } from "./internals.ts";
import type { Handle } from "./session.ts";
import { Server } from "./ssh2_parts.ts";

/** What the server needs of the rest of pgod. */
export interface ServerOptions {
  address: Address;
  /** Private host key, OpenSSH format. */
  hostKey: string;
  /** A key that is refused lets the client offer its next. */
  knows: Knows;
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

/** Milliseconds between two questions whether a client that says nothing is still there. */
const KEEPALIVE = 15_000;

/** Looks whether {@link serve} could listen there, and leaves no trace. @throws {Error} as it does. */
export async function tryAddress(address: Address): Promise<void> {
  const listener = createServer((socket) => void socket.destroy());
  await listen(listener, address);
  await new Promise<void>((resolve) => listener.close(() => resolve()));
}

/** Listens. @throws {Error} with one line when the address cannot be had. */
export async function serve(options: ServerOptions): Promise<RunningServer> {
  const { knows, handle, log, limits } = options;
  const connections = new Set<Socket>();
  const protocols = new WeakMap<Socket, Protocol>();
  const end = (socket: Socket, reason: Reason) => disconnect(socket, protocols.get(socket), reason);
  const admission = new Admission(limits, end, log);
  const server = new Server({
    hostKeys: [options.hostKey],
    algorithms: ALGORITHMS,
    ident: "pgod",
    keepaliveInterval: KEEPALIVE,
    keepaliveCountMax: Math.max(2, Math.ceil(limits().stall / KEEPALIVE)),
  }, (client, info) => {
    const { socket, protocol } = insides(client);
    protocols.set(socket, protocol);
    const loggedIn = () => admission.passed(socket);
    serveConnection(client, info, { limits: limits(), knows, handle, log, loggedIn });
  });
  const listener = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", () => socket.destroy());
    // Here, not where ssh2 tells of a client: it does so only once the client has said something.
    admission.admit(socket);
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

async function listen(
  listener: ReturnType<typeof createServer>,
  address: Address,
): Promise<{ host: string; port: number }> {
  const shown = formatAddress(address);
  const needed = netPermission(address);
  // Deno throws it where nobody can catch it.
  if ((await Deno.permissions.query({ name: "net", host: needed })).state !== "granted") {
    throw new Error(`cannot listen on ${shown}: pgod was not started with --allow-net=${needed}`);
  }
  return await new Promise((resolve, reject) => {
    listener.on(
      "error",
      (error) => reject(new Error(`cannot listen on ${shown}: ${error.message}`)),
    );
    listener.listen(address.port, address.host ?? "::", () => {
      const bound = listener.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}

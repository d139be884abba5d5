/**
 * One connection, from its first word to its end: log in, sessions, and what nobody may have.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import type { SshLimits } from "../config/ssh.ts";
import { sleep } from "../host/clock.ts";
import type { Log } from "../log.ts";
import { announceSignatures } from "./algorithms.ts";
import { authenticate, type Knows, type Visitor } from "./authentication.ts";
import { disconnect, hangUp, REASON, type Reason } from "./disconnect.ts";
import { Flow } from "./flow.ts";
import { plainAddress, remoteName } from "./from.ts";
import { insides } from "./internals.ts";
import { answerProposal } from "./promptness.ts";
import { type Handle, serveSession } from "./session.ts";

/**
 * What Go's SSH library calls itself, unless its program says otherwise. That is the pgoctl of PGO's ancestor,
 * which reads stdout and drops stderr: its daemon wrote everything to stdout.
 */
const READS_STDOUT_ONLY = "Go";

/** What a connection needs of the server. */
export interface ConnectionOptions {
  limits: SshLimits;
  knows: Knows;
  handle: Handle;
  log: Log;
  /** Called when it has logged in. */
  loggedIn(): void;
}

/** Serves a client that has said its first word. */
export function serveConnection(
  client: ssh2.Connection,
  { ip, port, header }: Pick<ssh2.ClientInfo, "ip" | "port" | "header">,
  { limits, knows, handle, log, loggedIn }: ConnectionOptions,
): void {
  const address = plainAddress(ip);
  const remote = remoteName(address, port);
  const { socket, protocol } = insides(client);
  const closed = new AbortController();
  const end = (code: Reason["code"], text: string) => {
    log.info("ssh.ended", `Connection ended: ${text}`, { remote });
    disconnect(socket, protocol, { code, text });
  };
  announceSignatures(client);
  answerProposal(client, header.versions.software, closed.signal);
  authenticate(client, { remote, address }, {
    knows,
    log,
    tries: limits.authTries,
    tooMany: () =>
      end(REASON.NO_MORE_AUTH_METHODS, "too many keys were tried, offer only the right one"),
    ready(visitor) {
      loggedIn();
      serveSessions(visitor);
    },
  });
  // Half of the internet's scanners break off in mid-handshake: no reason for a loud line.
  client.on("error", (error) => {
    log.debug("ssh.broken", `Connection broke: ${error.message}`, { remote });
    hangUp(socket);
  });
  client.on("close", () => closed.abort());

  function serveSessions({ key, user }: Visitor): void {
    let open = 0;
    let resting = new AbortController();
    const rest = async () => {
      resting = new AbortController();
      const waiting = AbortSignal.any([resting.signal, closed.signal]);
      await sleep(limits.idle, waiting);
      if (!waiting.aborted) end(REASON.BY_APPLICATION, `nothing to do for ${limits.idle / 1000} s`);
    };
    const flow = new Flow(client, closed.signal);
    void flow.watch(limits.stall, () => {
      log.info("ssh.ended", "Connection ended: its client takes nothing", { remote });
      socket.destroy();
    });
    client.on("session", (accept, reject) => {
      if (open >= limits.sessions) {
        log.info("ssh.ended", "Session refused: the connection has as many as it may", { remote });
        return reject();
      }
      open++;
      resting.abort();
      const session = accept();
      session.on("close", () => {
        open--;
        if (open === 0) void rest();
      });
      const oneStream = header.versions.software === READS_STDOUT_ONLY;
      const peer = { key, user, address, remote, closed: closed.signal, flow, oneStream };
      serveSession(session, peer, handle, log);
    });
    // With somebody to refuse it, ssh2 also honours a client's wish for no more sessions.
    client.on("request", (_accept, reject) => reject?.());
    socket.on("data", () => {
      if (!flow.overrun()) return;
      log.info("ssh.ended", "Connection ended: its client sends more than it may", { remote });
      socket.destroy();
    });
    void rest();
  }
}

/**
 * A connection to a pgod that has logged in: the host's key first, then one key after the other.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect as connectSocket, type Socket } from "node:net";
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { sleep } from "../host/clock.ts";
import { ClientError } from "./error.ts";
import type { Identity } from "./identities.ts";
import { parsePublic } from "./private_key.ts";
import { explainBanner, explainSocket, refusedKeys } from "./trouble.ts";
import { BaseAgent, Client } from "./ssh2_parts.ts";

/** Where to log in, and as whom. */
export interface Login {
  host: string;
  port: number;
  /** 0, the default: whatever the name has. */
  family?: 0 | 4 | 6;
  /** Shown by pgod in a refusal; decides nothing. */
  user: string;
  /** Keys to show, in this order. */
  identities: readonly Identity[];
  /** Called with each key that is shown; the last one is the one that got in. */
  onOffer?(identity: Identity): void;
  /** Opens a locked key that the host would take; undefined: go on without it. */
  unlock?(identity: Identity): Promise<Identity | undefined>;
  /** Decides on the host's key before anything is sent; throws a {@link ClientError} to refuse. */
  verifyHost(key: Uint8Array): void;
  /** Milliseconds to connect and log in; default 20 s. A passphrase may take its time. */
  loginTimeout?: number;
  /** Milliseconds between two questions whether the host is still there; four without an answer end it. */
  keepalive?: number;
  /** Ends the connection when it aborts. */
  signal?: AbortSignal;
}

/** A connection; the owner of {@link close} calls it. */
export interface Connection {
  client: ssh2.Client;
  close(): void;
}

/** Of what any pgod speaks. ChaCha20 in JavaScript is slower than AES in OpenSSL, and compression saves nothing. */
const ALGORITHMS: ssh2.ConnectConfig["algorithms"] = {
  cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr"],
  compress: ["none"],
};
/** Milliseconds to connect and log in. */
const TIMEOUT = 20_000;
/** Milliseconds; a minute of silence is as good as a connection that was closed. */
const KEEPALIVE = 15_000;

/** Why a login stopped: the host would take this key, if only it could sign. */
class Locked extends Error {
  constructor(readonly identity: Identity) {
    super("locked");
  }
}

/** Connects and logs in. @throws {ClientError} */
export async function connect(login: Login): Promise<Connection> {
  let identities = login.identities;
  for (;;) {
    try {
      return await attempt({ ...login, identities });
    } catch (error) {
      if (!(error instanceof Locked)) throw error;
      // Nobody types within a server's grace time: ask first, then log in anew.
      const { identity } = error;
      const opened = await login.unlock?.(identity);
      identities = identities.flatMap((key) => key !== identity ? [key] : opened ? [opened] : []);
      if (identities.length === 0) {
        throw new ClientError("key", `${identity.from} has a passphrase, and stayed locked`);
      }
    }
  }
}

async function attempt(login: Login): Promise<Connection> {
  const { host, port, family = 0, loginTimeout = TIMEOUT } = login;
  // ssh2 leaves Nagle's algorithm on, which costs a round trip of delayed acknowledgements.
  const sock = connectSocket({ host, port, family, noDelay: true });
  const client = new Client();
  const close = () => {
    client.end();
    sock.destroy();
  };
  const inTime = new AbortController();
  const late = sleep(loginTimeout, inTime.signal).then(() => {
    if (!inTime.signal.aborted) throw explainSocket(host, port, new Error("no answer"));
  });
  login.signal?.addEventListener("abort", close, { once: true });
  try {
    await Promise.race([late, opened(sock, login).then(() => loggedIn(client, sock, login))]);
    return { client, close };
  } catch (error) {
    close();
    throw error;
  } finally {
    inTime.abort();
  }
}

function opened(sock: Socket, { host, port }: Login): Promise<void> {
  return new Promise((resolve, reject) => {
    sock.once("connect", () => resolve());
    sock.on("error", (error: Error) => reject(explainSocket(host, port, error)));
    sock.on("close", () => reject(explainSocket(host, port, new Error("closed"))));
  });
}

function loggedIn(client: ssh2.Client, sock: Socket, login: Login): Promise<void> {
  const { host, port } = login;
  const offered: Identity[] = [];
  let banner = "";
  return new Promise((resolve, reject) => {
    const hangUp = (error: unknown) => {
      reject(error);
      sock.destroy();
    };
    // ssh2 tells who the server is only when it is too late to leave without a word.
    const listen = (chunk: Uint8Array) => {
      banner += Buffer.from(chunk).toString("latin1").slice(0, 4096);
      if (!banner.includes("\n")) return;
      sock.off("data", listen);
      const stranger = explainBanner(host, port, banner);
      if (stranger) hangUp(stranger);
    };
    sock.on("data", listen);
    client.on("ready", () => resolve());
    client.on("error", (error) => {
      // A key that an agent will not sign with is not the end: the next one may do.
      if (error.level === "agent") return;
      if (error.level === "client-authentication") return reject(refusedKeys(offered));
      reject(
        explainBanner(host, port, banner) ??
          new ClientError("unreachable", `${host} port ${port}: ${error.message}`),
      );
    });
    client.on("close", () => {
      if (offered.length > 0) return reject(refusedKeys(offered));
      const gone = new ClientError("unreachable", `${host} closed the connection`);
      reject(explainBanner(host, port, banner) ?? gone);
    });
    const queue = [...login.identities];
    client.connect({
      sock,
      username: login.user,
      readyTimeout: 0,
      keepaliveInterval: login.keepalive ?? KEEPALIVE,
      keepaliveCountMax: 4,
      algorithms: ALGORITHMS,
      authHandler(_left, _partial, next) {
        for (let identity; (identity = queue.shift());) {
          const key = parsePublic(identity);
          if (!key && !identity.sign) return hangUp(new Locked(identity));
          if (!key) continue;
          offered.push(identity);
          login.onOffer?.(identity);
          const agent = new OneKey(key, identity, hangUp);
          return next({ type: "agent", username: login.user, agent });
        }
        // The type does not know that false means the end.
        next(false as never);
      },
      hostVerifier(key: Uint8Array) {
        try {
          login.verifyHost(key);
          return true;
        } catch (error) {
          hangUp(error);
          return false;
        }
      },
    });
  });
}

/** One identity as ssh2 asks for it: shown first, signed with only when the host would take it. */
class OneKey extends BaseAgent<ssh2.ParsedKey> {
  constructor(
    readonly key: ssh2.ParsedKey,
    readonly identity: Identity,
    readonly hangUp: (error: unknown) => void,
  ) {
    super();
  }

  override getIdentities(done: ssh2.IdentityCallback<ssh2.ParsedKey>): void {
    done(undefined, [this.key]);
  }

  override sign(
    _key: ssh2.ParsedKey,
    data: Uint8Array,
    options: ssh2.SigningRequestOptions | ssh2.SignCallback,
    callback?: ssh2.SignCallback,
  ): void {
    const [hash, done] = typeof options === "function"
      ? [undefined, options]
      : [options.hash, callback];
    const { sign } = this.identity;
    if (!sign) return this.hangUp(new Locked(this.identity));
    Promise.resolve().then(() => sign(data, hash)).then(
      (signature) => done?.(undefined, Buffer.from(signature)),
      (error) => done?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

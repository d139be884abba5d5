/**
 * Who is there: public keys only, each attempt with one line in the log.
 * @module
 */
import { Buffer } from "node:buffer";
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import type { Log } from "../log.ts";
import { type AuthorizedKey, fingerprint } from "./access.ts";
import { parseKey } from "./ssh2_parts.ts";

/** What is said of a key: it may come in, or why not (and which line speaks of it, if one does). */
export type Verdict =
  | { key: AuthorizedKey; refused?: undefined }
  | { key?: AuthorizedKey; refused: string };

/** Judges a key (base64) of a client at `address`. */
export type Knows = (blob: string, address: string) => Verdict;

/** Somebody who has logged in. */
export interface Visitor {
  key: AuthorizedKey;
  /** The SSH user name, which means nothing. */
  user: string;
}

/** Characters of a user name that are kept. */
const USER_LENGTH = 100;

/** Answers the authentication requests of `client`; `tooMany` ends it after `tries` of them were refused. */
export function authenticate(
  client: ssh2.Connection,
  { remote, address }: { remote: string; address: string },
  { knows, log, tries, tooMany, ready }: {
    knows: Knows;
    log: Log;
    tries: number;
    tooMany(): void;
    ready(visitor: Visitor): void;
  },
): void {
  let refusals = 0;
  let asked = false;
  let visitor: Visitor | undefined;
  client.on("authentication", (context) => {
    const login = context.username.slice(0, USER_LENGTH);
    const { method } = context;
    const verdict: Verdict = context.method === "publickey"
      ? judge(context, (blob) => knows(blob, address))
      : { refused: `method ${method}` };
    const key = context.method === "publickey" ? fingerprint(context.key.data) : undefined;
    const facts = { remote, login, comment: verdict.key?.comment || undefined };
    if (verdict.refused === undefined) {
      if (key && "signature" in context && context.signature) {
        visitor = { key: verdict.key, user: login };
        log.info("ssh.login", "Login accepted", { ...facts, key });
      }
      return context.accept();
    }
    // Clients begin with it to learn what else there is; who asks again is counted.
    const first = context.method === "none" && !asked;
    asked = true;
    if (!first) {
      log.info("ssh.refused", `Login refused: ${verdict.refused}`, {
        ...facts,
        key,
        reason: verdict.refused,
      });
      // Without an answer to this one, ssh2 does not look at what was sent along with it.
      if (++refusals >= tries) return tooMany();
    }
    context.reject(["publickey"]);
  });
  client.on("ready", () => visitor ? ready(visitor) : client.end());
}

/** Of a request that is signed, or that only asks whether signing is worth while. */
function judge(context: ssh2.PublicKeyAuthContext, knows: (blob: string) => Verdict): Verdict {
  const { algo, data } = context.key;
  const verdict = knows(Buffer.from(data).toString("base64"));
  if (verdict.refused !== undefined) return verdict;
  const { key } = verdict;
  if (key.type !== algo) return { key, refused: `not a key of type ${key.type}` };
  // ssh-rsa without a hash is SHA-1, which anybody with money can forge.
  if (key.type === "ssh-rsa" && !context.hashAlgo) return { key, refused: "signature with SHA-1" };
  if (!context.signature) {
    // ssh2 answers "ssh-rsa" to whoever asks for rsa-sha2-256, and Dropbear then signs with SHA-1.
    if (context.hashAlgo) context.key.algo = context.hashAlgo.replace("sha", "rsa-sha2-");
    return verdict;
  }
  const parsed = parseKey(`${key.type} ${key.blob}`);
  const good = !(parsed instanceof Error) && context.blob !== undefined &&
    parsed.verify(context.blob, context.signature, context.hashAlgo) === true;
  return good ? verdict : { key, refused: "wrong signature" };
}

/**
 * Which keys pgoctl shows: the service's own, then in OpenSSH's order: the agent's that a file names, the agent's others, files.
 * @module
 */
import { Buffer } from "node:buffer";
import { fingerprint } from "../ssh/access.ts";
import { type AgentKey, agentKeys } from "./agent.ts";
import { ClientError } from "./error.ts";
import { type GivenKey, tidyKey } from "./identity.ts";
import { type KeyText, type PublicKey, readKeyText } from "./private_key.ts";

/** A key to log in with. */
export interface Identity extends PublicKey {
  /** Where it comes from, for people: a file, or `agent: COMMENT`. */
  from: string;
  /** Signs; undefined while it is locked. `hash` is `sha256` or `sha512` for RSA. */
  sign?: (data: Uint8Array, hash: string | undefined) => Uint8Array | Promise<Uint8Array>;
  /** A locked key's private half, once its passphrase is right; undefined for a wrong one. */
  unlock?(passphrase: string): Identity | undefined;
}

/** Where keys may come from. */
export interface Sources {
  /** The key that was asked for; nothing else is shown then. */
  given?: GivenKey;
  /** File of the service's own key, shown before all others; passed over if not there. */
  own?: string;
  /** Files of private keys, or of public ones whose private half the agent has; passed over if not there. */
  files: readonly string[];
  /** Socket of the agent. */
  agent?: string;
  /** Leaves out the agent's keys that no file names. */
  filesOnly: boolean;
  /** Tells the user, a line at a time. */
  say(line: string): void;
}

/** The keys to show, in this order. @throws {ClientError} of kind `key` when there is none. */
export async function findIdentities(sources: Sources): Promise<Identity[]> {
  const { given } = sources;
  const named = given ? [await readGiven(given)] : await readFiles(sources.files, sources);
  const own = given || !sources.own ? [] : await readFiles([sources.own], sources);
  // A key that can sign for itself needs no agent.
  const held = given && named.every((key) => key.sign) ? [] : await listAgent(sources);
  const orHeld = (key: Identity) => held.find((other) => same(key, other)) ?? key;
  const [first, both] = [own.map(orHeld), named.map(orHeld)];
  const rest = given || sources.filesOnly ? [] : held.filter((key) => !both.includes(key));
  const inAgent = (key: Identity) => held.includes(key);
  const others = [...both.filter(inAgent), ...rest, ...both.filter((key) => !inAgent(key))];
  const found = [...first, ...others.filter((key) => !first.includes(key))]
    .filter((key) => key.sign || key.unlock);
  if (found.length > 0) return found;
  if (given) {
    const name = named[0]?.from;
    throw new ClientError("key", `${name} is no private key, nor has an agent its private half`);
  }
  const files = [...sources.own ? [sources.own] : [], ...sources.files].join(", ");
  throw new ClientError(
    "key",
    "no key given, expected -i FILE, or the text of a private key in PGOCTL_ID",
    `${sources.agent ? "the agent has none" : "there is no agent"}, nor is there ${files}`,
  );
}

async function readGiven(given: GivenKey): Promise<Identity> {
  if ("text" in given) return fromText(given.from, given.text, undefined);
  try {
    return await readFile(given.file);
  } catch (error) {
    throw keyError(given.file, error);
  }
}

async function readFile(file: string): Promise<Identity> {
  const text = tidyKey(await Deno.readTextFile(file));
  return fromText(file, text, await Deno.readTextFile(`${file}.pub`).catch(() => undefined));
}

async function readFiles(
  files: readonly string[],
  { say }: Pick<Sources, "say">,
): Promise<Identity[]> {
  const found: Identity[] = [];
  for (const file of files) {
    try {
      found.push(await readFile(file));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) say(`pgoctl: ${keyError(file, error).message}`);
    }
  }
  return found;
}

function keyError(file: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError("key", `${file}: ${(error as Error).message.replace(/: open .*/, "")}`);
}

function fromText(from: string, text: string, beside: string | undefined): Identity {
  const read = readKeyText(text);
  if (read.is === "unusable") throw new ClientError("key", `${from} ${read.why}`);
  if (read.is !== "locked") return { ...read.key, from };
  const half: KeyText | undefined = read.key ? undefined : beside ? readKeyText(beside) : undefined;
  const key = read.key ?? (half?.is === "public" ? half.key : undefined);
  const locked = { type: "", blob: new Uint8Array(), ...key, from };
  return {
    ...locked,
    unlock(passphrase) {
      const opened = readKeyText(text, passphrase);
      return opened.is === "private" ? { ...opened.key, from } : undefined;
    },
  };
}

async function listAgent({ agent, say }: Sources): Promise<Identity[]> {
  if (!agent) return [];
  try {
    return (await agentKeys(agent)).map((key: AgentKey) => ({
      ...key,
      from: `agent: ${key.comment || "no comment"}`,
    }));
  } catch (error) {
    say(`pgoctl: the agent at ${agent} cannot be used: ${(error as Error).message}`);
    return [];
  }
}

function same(one: PublicKey, other: PublicKey): boolean {
  return Buffer.from(one.blob).equals(Buffer.from(other.blob));
}

/** `SHA256:… (FILE)`, for people. */
export function describe({ blob, from }: Identity): string {
  return `${blob.length > 0 ? fingerprint(blob) : "a locked key"} (${from})`;
}

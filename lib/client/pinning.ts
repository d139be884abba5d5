/**
 * Pins host keys in known_hosts files: a new one is written down, a changed one refused.
 * @module
 */
import { dirname } from "node:path";
import { fingerprint } from "../ssh/access.ts";
import { ClientError } from "./error.ts";
import { checkPin } from "./host_pin.ts";
import { checkHost, hostEntry, hostLine, type HostVerdict } from "./known_hosts.ts";

/** Which keys of a host are taken. */
export interface HostKeys {
  /** As known_hosts names it: the host, or its `HostKeyAlias`. */
  name: string;
  /** 22 for a name that stands alone there. */
  port: number;
  /** Fingerprints; where there are any, no file is read or written. */
  pins: readonly string[] | undefined;
  /** The user's known_hosts files; the first gets what is new. */
  files: readonly string[];
  /** Files that are only read. */
  globalFiles: readonly string[];
  /** Who wants hosts refused that are in no file; undefined accepts them. */
  strict: string | undefined;
  /** Writes names hashed. */
  hash: boolean;
}

/** Accepts the key a host has shown, or throws a {@link ClientError} of kind `host key`. */
export function pinHost(hostKeys: HostKeys, key: Uint8Array, say: (line: string) => void): void {
  const { name, port, pins, files, globalFiles, strict } = hostKeys;
  const entry = hostEntry(name, port);
  if (pins) return checkPin(pins, entry, key);
  const print = fingerprint(key);
  const found = [...files, ...globalFiles].map((file) => {
    const text = readFile(file);
    return { file, text, verdict: checkHost(text, name, port, key) };
  });
  const where = (verdict: HostVerdict) => found.find((one) => one.verdict === verdict)?.file;
  if (where("revoked")) {
    throw refusal(`the key ${print} of ${entry} is revoked in ${where("revoked")}`);
  }
  if (where("known")) return;
  if (where("changed")) {
    throw refusal(
      `the key of ${entry} has CHANGED to ${print}: somebody may be in the middle. Nothing was sent`,
      `if the host was set up anew: ssh-keygen -R '${entry}' -f ${where("changed")}`,
    );
  }
  // As ssh does: a host that is known by its name alone may show that key at any port.
  if (found.some(({ text }) => checkHost(text, name, 22, key) === "known")) return;
  if (strict) {
    throw refusal(
      `the key ${print} of ${entry} is not in ${
        files.join(", ")
      }, and ${strict} accepts no new one`,
      `ask the host's admin for the fingerprint, then: ssh-keyscan -p ${port} ${name}`,
    );
  }
  add(hostKeys, found[0]?.text ?? "", key, say);
}

function readFile(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw refusal(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function add(
  { name, port, files: [file], hash }: HostKeys,
  text: string,
  key: Uint8Array,
  say: (line: string) => void,
): void {
  const entry = hostEntry(name, port);
  const print = fingerprint(key);
  if (file === undefined || file === "/dev/null") {
    return say(`pgoctl: new host ${entry} with key ${print}, kept nowhere`);
  }
  try {
    // pgoctl may write the file that --known-hosts names, and nothing beside it.
    if (!isThere(dirname(file))) Deno.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const line = (text === "" || text.endsWith("\n") ? "" : "\n") + hostLine(name, port, key, hash);
    Deno.writeTextFileSync(file, line, { append: true, mode: 0o600 });
    say(`pgoctl: new host ${entry} with key ${print}, added to ${file}`);
  } catch (error) {
    const why = error instanceof Deno.errors.NotCapable
      ? refusedPlace(file)
      : (error as Error).message.split("\n")[0];
    say(`pgoctl: new host ${entry} with key ${print}, which could NOT be added to ${file}: ${why}`);
  }
}

/** Why Deno keeps pgoctl from writing `file`. */
function refusedPlace(file: string): string {
  return isThere(dirname(file))
    ? "pgoctl may write in ~/.ssh, and what --known-hosts names"
    : `there is no directory ${dirname(file)}`;
}

function isThere(path: string): boolean {
  try {
    return Deno.lstatSync(path) !== undefined;
  } catch {
    return false;
  }
}

function refusal(message: string, hint?: string): ClientError {
  return new ClientError("host key", message, hint);
}

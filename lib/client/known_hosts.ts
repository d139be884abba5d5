/**
 * Host keys as OpenSSH's `known_hosts` keeps them; text in, verdict out.
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import { DEFAULT_PORT } from "../ssh/protocol.ts";
import { matchesAny } from "./config_line.ts";

/** What a known_hosts file says of a host's key. */
export type HostVerdict = "known" | "new" | "changed" | "revoked";

/** How a host stands in the file: `[host]:2222`, or `host` on port 22. */
export function hostEntry(host: string, port: number = DEFAULT_PORT): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** Looks `key` (its bytes) of `host:port` up in the text of a known_hosts file, hashed entries too. */
export function checkHost(text: string, host: string, port: number, key: Uint8Array): HostVerdict {
  const entry = hostEntry(host, port);
  const blob = Buffer.from(key).toString("base64");
  let verdict: HostVerdict = "new";
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [hosts, , lineBlob] = words;
    if (!hosts || !lineBlob || hosts.startsWith("#") || !namesHost(hosts, entry)) continue;
    if (marker === "@revoked" && lineBlob === blob) return "revoked";
    if (marker !== undefined) continue;
    if (lineBlob === blob) verdict = "known";
    // Of another type too: an attacker in the middle chooses the type of the key he shows.
    else if (verdict === "new") verdict = "changed";
  }
  return verdict;
}

/** The line that pins a host's key; `hashed` hides the host's name, as `HashKnownHosts` means it. */
export function hostLine(host: string, port: number, key: Uint8Array, hashed = false): string {
  const bytes = Buffer.from(key);
  const type = bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString();
  const entry = hostEntry(host, port);
  const salt = randomBytes(20).toString("base64");
  const name = hashed ? `|1|${salt}|${hashOf(salt, entry)}` : entry;
  return `${name} ${type} ${bytes.toString("base64")}\n`;
}

function hashOf(salt: string, entry: string): string {
  return createHmac("sha1", Buffer.from(salt, "base64")).update(entry).digest("base64");
}

function namesHost(hosts: string, entry: string): boolean {
  if (hosts.startsWith("|1|")) {
    const [, , salt = "", hash] = hosts.split("|");
    return hashOf(salt, entry) === hash;
  }
  return matchesAny(entry, hosts.toLowerCase().split(","));
}

/**
 * The user's ssh-agent: which keys it holds, and signing with one.
 * @module
 */
import { Buffer } from "node:buffer";
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { within } from "../host/clock.ts";
import type { PublicKey } from "./private_key.ts";
import { OpenSSHAgent } from "./ssh2_parts.ts";

/** A key that an agent holds. */
export interface AgentKey extends PublicKey {
  comment: string;
  /** `hash` is `sha256` or `sha512` for RSA. */
  sign(data: Uint8Array, hash: string | undefined): Promise<Uint8Array>;
}

/** Milliseconds an agent has to list its keys. */
const PATIENCE = 5_000;

/** The keys of the agent at the socket `path`. @throws {Error} in one clause when it cannot be asked. */
export async function agentKeys(path: string): Promise<AgentKey[]> {
  const agent = new OpenSSHAgent(path);
  const listed = new Promise<ssh2.ParsedKey[]>((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error || !keys) reject(new Error("it does not answer"));
      else resolve(keys.flatMap((key) => "getPublicSSH" in key ? [key] : []));
    });
  }).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error("pgoctl may use an agent that SSH_AUTH_SOCK names, no other");
    }
    throw error;
  });
  const keys = await within(PATIENCE, listed);
  if (!keys) throw new Error("it does not answer");
  return keys.map((key) => ({
    type: key.type,
    blob: new Uint8Array(key.getPublicSSH()),
    comment: key.comment,
    sign: (data, hash) => sign(agent, key, data, hash),
  }));
}

function sign(
  agent: ssh2.OpenSSHAgent,
  key: ssh2.ParsedKey,
  data: Uint8Array,
  hash: string | undefined,
): Promise<Uint8Array> {
  const options = hash === "sha256" || hash === "sha512" ? { hash } as const : {};
  return new Promise((resolve, reject) =>
    agent.sign(key, Buffer.from(data), options, (error, signature) => {
      if (error || !signature) reject(new Error("the agent refused to sign"));
      else resolve(new Uint8Array(signature));
    })
  );
}

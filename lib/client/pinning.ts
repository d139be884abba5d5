/**
 * Pins host keys in a known_hosts file: a new one is written down, a changed one refused.
 * @module
 */
import { dirname } from "node:path";
import { fingerprint } from "../ssh/access.ts";
import { ClientError } from "./error.ts";
import { checkHost, hostEntry, hostLine } from "./known_hosts.ts";

/** One host key that was shown. */
export interface ShownKey {
  /** The known_hosts file. */
  file: string;
  host: string;
  port: number;
  key: Uint8Array;
  /** Refuses hosts that are not in the file. */
  strict: boolean;
  /** Tells the user, a line at a time. */
  say(line: string): void;
}

/** Accepts the key or throws a {@link ClientError} of kind `host key`. */
export function pinHost({ file, host, port, key, strict, say }: ShownKey): void {
  let text = "";
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw refusal(`${file} cannot be read: ${(error as Error).message}`);
    }
  }
  const verdict = checkHost(text, host, port, key);
  const name = hostEntry(host, port);
  const print = fingerprint(key);
  if (verdict === "known") return;
  if (verdict === "revoked") throw refusal(`the key ${print} of ${name} is revoked in ${file}`);
  if (verdict === "changed") {
    throw refusal(
      `the key of ${name} has CHANGED to ${print}: somebody may be in the middle. Nothing was sent. ` +
        `If the host was set up anew: ssh-keygen -R '${name}' -f ${file}`,
    );
  }
  if (strict) {
    throw refusal(`the key ${print} of ${name} is not in ${file}, and --strict accepts no new one`);
  }
  try {
    Deno.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const line = (text === "" || text.endsWith("\n") ? "" : "\n") + hostLine(host, port, key);
    Deno.writeTextFileSync(file, line, { append: true, mode: 0o600 });
    say(`pgoctl: new host ${name} with key ${print}, added to ${file}`);
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    say(`pgoctl: new host ${name} with key ${print}, which could NOT be added to ${file}: ${why}`);
  }
}

function refusal(message: string): ClientError {
  return new ClientError("host key", message);
}

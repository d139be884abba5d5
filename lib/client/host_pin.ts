/**
 * `PGOCTL_HOST_KEY`: the host keys a CI job takes, and no others.
 * @module
 */
import { Buffer } from "node:buffer";
import { fingerprint } from "../ssh/access.ts";
import { ClientError, UsageError } from "./error.ts";

/**
 * The fingerprints in `text`: `SHA256:…`, several with blanks or commas between, or lines of public keys, as
 * in a `.pub` file, in known_hosts, or of ssh-keyscan. @throws {UsageError}
 */
export function readPins(text: string): string[] {
  const lines = text.split(/[\n,]/).map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const pins = lines.flatMap((line) => {
    const key = /(?:^|\s)((?:ssh|ecdsa)-[\w-]+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line);
    const blob = Buffer.from(key?.[2] ?? "", "base64");
    if (key && blob.subarray(4, 4 + (key[1] ?? "").length).toString() === key[1]) {
      return [fingerprint(blob)];
    }
    return line.split(/\s+/).map((word) => {
      const print = word.replace(/=+$/, "");
      if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(print)) return print;
      const shown = JSON.stringify(word.slice(0, 60));
      throw new UsageError(
        /^SHA256:/i.test(word)
          ? `PGOCTL_HOST_KEY: ${shown} is no fingerprint, expected 43 characters of base64 after SHA256:`
          : `PGOCTL_HOST_KEY: ${shown} is neither SHA256:… nor a public key`,
        "ssh-keygen -l -f prints a fingerprint",
      );
    });
  });
  if (pins.length > 0) return pins;
  throw new UsageError(
    "PGOCTL_HOST_KEY is set, but empty: is the CI variable it comes from missing here?",
  );
}

/** Takes a key that is one of `pins`. @throws {ClientError} of kind `host key` */
export function checkPin(pins: readonly string[], host: string, key: Uint8Array): void {
  const print = fingerprint(key);
  if (pins.includes(print)) return;
  throw new ClientError(
    "host key",
    `the key of ${host} is ${print}, and PGOCTL_HOST_KEY says ${
      pins.join(" or ")
    }. Nothing was sent`,
    "somebody may be in the middle, or the host was set up anew",
  );
}

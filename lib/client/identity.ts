/**
 * The private key that pgoctl is given: with `-i`, or in `PGOCTL_ID`.
 * @module
 */
import { ClientError } from "./error.ts";

/** A key's text and what to call it, or the file that it is in. */
export type GivenKey = { from: string; text: string } | { file: string };

/**
 * The key that was asked for: `given` with `-i`, a file or a text, else the text in `fromEnv`; undefined
 * where there is neither. @throws {ClientError} of kind `key` for an empty or a wrong one.
 */
export function givenKey(
  given: string | undefined,
  fromEnv: string | undefined,
): GivenKey | undefined {
  const source = given ?? fromEnv;
  if (source === undefined) return undefined;
  const from = given === undefined ? "PGOCTL_ID" : "-i";
  if (source.trim() === "") {
    const hint = "is the CI variable it comes from missing here?";
    throw new ClientError("key", `no key given: ${from} is there, but empty`, hint);
  }
  if (source.includes("PRIVATE KEY")) return { from, text: tidyKey(source) };
  if (given !== undefined) return { file: given };
  throw new ClientError("key", "PGOCTL_ID holds no private key, expected the text of one");
}

/** A key's text as ssh2 can read it: CI variables lose the last newline, or gain carriage returns. */
export function tidyKey(text: string): string {
  return text.replaceAll("\r", "").trim() + "\n";
}

/**
 * Puts a key's text together again where a shell split it: `pgoctl -i $SSHKEY` without quotes, as CI jobs
 * write it. Words before and after it stay.
 */
export function joinSplitKey(argv: readonly string[]): string[] {
  const begin = argv.indexOf("-----BEGIN");
  const end = argv.indexOf("-----END", begin);
  const last = argv.findIndex((word, at) => at > end && word.endsWith("-----"));
  const body = argv.findIndex((word, at) => at > begin && word.endsWith("-----"));
  const ours = !argv.slice(0, Math.max(begin, 0)).some((word) => word.includes("//"));
  if (!ours || begin < 0 || end < 0 || last < 0 || body > end) return [...argv];
  const lines = [
    argv.slice(begin, body + 1).join(" "),
    ...argv.slice(body + 1, end),
    argv.slice(end, last + 1).join(" "),
  ];
  return [...argv.slice(0, begin), lines.join("\n"), ...argv.slice(last + 1)];
}

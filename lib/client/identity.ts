/**
 * Which private key pgoctl shows.
 * @module
 */
import { ClientError } from "./error.ts";

/**
 * The text of the private key: `given` with `-i` as a file or as the text itself, else `fromEnv`.
 * @throws {ClientError} of kind `key` in one line.
 */
export async function readIdentity(
  given: string | undefined,
  fromEnv: string | undefined,
): Promise<string> {
  const source = given ?? fromEnv;
  if (!source) {
    throw new ClientError(
      "key",
      "no key given, expected -i FILE, or the text of a private key in PGOCTL_ID",
    );
  }
  if (source.includes("PRIVATE KEY")) return tidy(source);
  if (given === undefined) {
    throw new ClientError("key", "PGOCTL_ID holds no private key, expected the text of one");
  }
  try {
    return tidy(await Deno.readTextFile(given));
  } catch (error) {
    throw new ClientError(
      "key",
      `-i ${given}: ${(error as Error).message.replace(/: open .*/, "")}`,
    );
  }
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

// CI variables lose the newline at the end, or gain carriage returns: ssh2 minds both.
function tidy(text: string): string {
  return text.replaceAll("\r", "").trim() + "\n";
}

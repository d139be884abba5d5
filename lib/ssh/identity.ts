/**
 * Which private key pgoctl shows.
 * @module
 */
import { ClientError } from "./client.ts";

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

// CI variables lose the newline at the end, or gain carriage returns: ssh2 minds both.
function tidy(text: string): string {
  return text.replaceAll("\r", "").trim() + "\n";
}

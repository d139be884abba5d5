/**
 * Questions on a terminal.
 * @module
 */

/** Shows a question and reads a line; undefined where the input has ended. */
export type Ask = (question: string) => Promise<string | undefined>;

/** The next line of stdin without its end; undefined at the end. Reads no byte beyond that line. */
export async function readLine(
  input: Pick<typeof Deno.stdin, "read"> = Deno.stdin,
): Promise<string | undefined> {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (await input.read(byte)) {
    if (byte[0] === 10) return decode(bytes);
    bytes.push(byte[0] ?? 0);
  }
  return bytes.length > 0 ? decode(bytes) : undefined;
}

function decode(bytes: number[]): string {
  return new TextDecoder().decode(new Uint8Array(bytes)).replace(/\r$/, "");
}

/** {@link Ask} on this process's terminal; undefined where stdin is none. */
export function terminal(): Ask | undefined {
  if (!Deno.stdin.isTerminal()) return undefined;
  return async (question) => {
    await Deno.stderr.write(new TextEncoder().encode(question));
    return await readLine();
  };
}

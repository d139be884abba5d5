/**
 * Asks for a passphrase on the terminal: no echo, and the terminal as it was however it ends.
 * @module
 */
import { ClientError } from "./error.ts";

/** What of a terminal is needed; `Deno.FsFile` is one. */
export type Terminal = Pick<Deno.FsFile, "read" | "setRaw" | "close">;

const [CTRL_C, CTRL_D, BACKSPACE, ENTER, CTRL_U, CTRL_Z, DELETE] = [3, 4, 8, 13, 21, 26, 127];

/** The terminal this process has, whatever its stdin is; undefined without one. */
export function openTerminal(): Terminal | undefined {
  try {
    return Deno.openSync("/dev/tty", { read: true });
  } catch {
    return undefined;
  }
}

/**
 * Shows `question` on stderr and reads a line from `terminal` unseen; undefined when Ctrl-D ends it.
 * @throws {ClientError} of kind `interrupted` at Ctrl-C.
 */
export async function askSecret(question: string, terminal: Terminal): Promise<string | undefined> {
  const restore = () => terminal.setRaw(false);
  const die = () => {
    restore();
    Deno.exit(143);
  };
  Deno.addSignalListener("SIGTERM", die);
  Deno.addSignalListener("SIGHUP", die);
  try {
    terminal.setRaw(true);
    Deno.stderr.writeSync(new TextEncoder().encode(question));
    return await readUnseen(terminal);
  } finally {
    restore();
    Deno.removeSignalListener("SIGTERM", die);
    Deno.removeSignalListener("SIGHUP", die);
    Deno.stderr.writeSync(new Uint8Array([10]));
  }
}

async function readUnseen(terminal: Terminal): Promise<string | undefined> {
  const typed: number[] = [];
  const buffer = new Uint8Array(256);
  for (;;) {
    const count = await terminal.read(buffer);
    if (count === null) return undefined;
    for (const byte of buffer.subarray(0, count)) {
      if (byte === CTRL_C) throw new ClientError("interrupted", "interrupted");
      if (byte === CTRL_D && typed.length === 0) return undefined;
      if (byte === ENTER || byte === 10) return new TextDecoder().decode(Uint8Array.from(typed));
      if (byte === CTRL_U) typed.length = 0;
      else if (byte === BACKSPACE || byte === DELETE) dropCharacter(typed);
      else if (byte !== CTRL_D && byte !== CTRL_Z) typed.push(byte);
    }
  }
}

function dropCharacter(typed: number[]): void {
  // The bytes of a character of UTF-8 but its first are 10xxxxxx.
  while (((typed.pop() ?? 0) & 0xc0) === 0x80);
}

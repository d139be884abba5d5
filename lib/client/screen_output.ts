/**
 * What a remote program writes to the terminal it was lent.
 * @module
 */
import { Buffer } from "node:buffer";

const [NEWLINE, RETURN, ESCAPE, INDEX] = [10, 13, 27, 68];
/** Bytes of the longest sequence that {@link ScreenOutput} looks for, but for the last. */
const CARRIED = 7;
// deno-lint-ignore no-control-regex
const SWITCH = /\x1b\[\?(?:1049|1047|47)([hl])/g;
/** A cursor, no marked pastes, no mouse reports, no colours. */
const PLAIN = "\x1b[?25h\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[0m";

/** Makes output fit for the terminal, and knows what has to be undone if it is cut off. */
export class ScreenOutput {
  #last = 0;
  #tail = "";
  #alternate = false;

  /**
   * The output as it has to be written. Deno leaves on that the terminal puts a carriage return before every
   * line feed: a line feed without one becomes the sequence "index", which moves down and no more.
   */
  render(output: Uint8Array): Uint8Array {
    const text = this.#tail + Buffer.from(output).toString("latin1");
    for (const [, to] of text.matchAll(SWITCH)) this.#alternate = to === "h";
    this.#tail = text.slice(-CARRIED);
    const kept: number[] = [];
    for (const byte of output) {
      if (byte === NEWLINE && this.#last !== RETURN) kept.push(ESCAPE, INDEX);
      else kept.push(byte);
      this.#last = byte;
    }
    return Uint8Array.from(kept);
  }

  /** What puts the terminal's picture back where the program could not: the other screen, the cursor, colours. */
  reset(): Uint8Array {
    return new TextEncoder().encode(`${this.#alternate ? "\x1b[?1049l" : ""}${PLAIN}\r\n`);
  }
}

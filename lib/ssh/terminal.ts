/**
 * The terminal at a client's end, as a session knows it.
 * @module
 */
import type { Screen, Size } from "../host/terminal.ts";

/** What a command may do with its client's terminal. */
export interface Terminal extends Screen {
  /** `xterm-256color`: what the client's TERM says; `dumb` where that is no name. */
  readonly term: string;
}

/** Characters a terminal may be high or wide: a kernel keeps them in 16 bits. */
const MOST = 65_535;

/**
 * A terminal that was asked for. Until a command takes it for a program of its own, it does what the kernel
 * would do: lines end in CR LF, and Ctrl-C interrupts.
 */
export class SessionTerminal implements Terminal {
  readonly term: string;
  #size: Size | undefined;
  #resize: ((size: Size) => void) | undefined;

  constructor(asked: { term: string; rows: number; cols: number }) {
    this.term = /^[\w.+-]{1,64}$/.test(asked.term) ? asked.term : "dumb";
    this.resized(asked);
  }

  take(resize: (size: Size) => void): Size | undefined {
    this.#resize = resize;
    return this.#size;
  }

  /** The client's window has another size. */
  resized({ rows, cols }: Size): void {
    // A client without a window of its own says 0.
    if (rows < 1 || cols < 1) return;
    this.#size = { rows: Math.min(rows, MOST), cols: Math.min(cols, MOST) };
    this.#resize?.(this.#size);
  }

  /** Whether what the client has typed is a wish to interrupt. */
  interrupts(typed: Uint8Array): boolean {
    return !this.#resize && typed.includes(3);
  }

  /** Output as this terminal has to be sent it. */
  render(output: Uint8Array): Uint8Array {
    if (this.#resize || !output.includes(10)) return output;
    const rendered: number[] = [];
    for (const byte of output) byte === 10 ? rendered.push(13, 10) : rendered.push(byte);
    return Uint8Array.from(rendered);
  }
}

/**
 * The terminal pgoctl runs in, lent to a remote program and put back afterwards.
 * @module
 */
import type { Size } from "../host/terminal.ts";
import { signalExit } from "../ssh/signals.ts";
import { ScreenOutput } from "./screen_output.ts";

/** A terminal that a remote program may have. */
export interface Screen {
  /** What TERM says. */
  readonly term: string;
  /** undefined where nobody knows. */
  size(): Size | undefined;
  /** Hands it over: keys come unchanged, each new size goes to `resize`. */
  open(resize: (size: Size) => void): void;
  /** Output as it has to be written. */
  render(output: Uint8Array): Uint8Array;
  /** Puts it back as it was before {@link open}; `cut` where the program could not do its own part. */
  close(cut: boolean): void;
}

/** Signals that end pgoctl; nobody can be told of KILL. */
const DEADLY = ["INT", "TERM", "HUP", "QUIT"] as const;

/**
 * This process's terminal. Without one there is none to lend, unless it is `forced`: then the program gets a
 * terminal all the same, and what is read and written are bytes.
 */
export function ownScreen(forced: boolean, term: string | undefined): Screen | undefined {
  const isTerminal = Deno.stdin.isTerminal();
  if (!isTerminal && !forced) return undefined;
  const shown = Deno.stdout.isTerminal() ? new ScreenOutput() : undefined;
  const size = () => {
    try {
      const { rows, columns } = Deno.consoleSize();
      return { rows, cols: columns };
    } catch {
      return undefined;
    }
  };
  let close: (cut: boolean) => void = () => {};
  return {
    term: term || "dumb",
    size,
    open(resize) {
      const onResize = () => {
        const now = size();
        if (now) resize(now);
      };
      const deaths = DEADLY.map((name) =>
        [`SIG${name}`, () => {
          close(true);
          Deno.exit(signalExit(name));
        }] as const
      );
      if (isTerminal) Deno.stdin.setRaw(true);
      Deno.addSignalListener("SIGWINCH", onResize);
      for (const [name, die] of deaths) Deno.addSignalListener(name, die);
      close = (cut) => {
        close = () => {};
        if (cut && shown) Deno.stdout.writeSync(shown.reset());
        if (isTerminal) Deno.stdin.setRaw(false);
        Deno.removeSignalListener("SIGWINCH", onResize);
        for (const [name, die] of deaths) Deno.removeSignalListener(name, die);
      };
    },
    render: (output) => shown?.render(output) ?? output,
    close: (cut) => close(cut),
  };
}

/**
 * Signals that would end pgoctl, while a remote program runs that they are meant for.
 * @module
 */
import { sleep } from "../host/clock.ts";
import { signalExit, type SignalName } from "../ssh/signals.ts";

/** Milliseconds a program has to end after a signal, before pgoctl leaves without it. */
const PATIENCE = 5_000;

/**
 * From now on the first signal goes to `deliver`; a second one, or a program that does not end by it, ends
 * pgoctl, and with it the program.
 */
export function passSignals(deliver: (name: SignalName) => void): void {
  let told = false;
  for (const name of ["INT", "TERM", "HUP"] as const) {
    const leave = () => Deno.exit(signalExit(name));
    Deno.addSignalListener(`SIG${name}`, () => {
      if (told) leave();
      told = true;
      deliver(name);
      void sleep(PATIENCE).then(leave);
    });
  }
}

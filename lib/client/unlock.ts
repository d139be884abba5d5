/**
 * Opens a private key that has a passphrase, by asking on the terminal.
 * @module
 */
import type { Identity } from "./identities.ts";
import { askSecret, openTerminal } from "./passphrase.ts";

/** How often a passphrase may be wrong; OpenSSH's own number. */
const TRIES = 3;

/** The opened key; undefined when it stays locked, which the user is told. */
export async function unlock(
  identity: Identity,
  { mayAsk }: { mayAsk: boolean },
  say: (line: string) => void,
): Promise<Identity | undefined> {
  const terminal = mayAsk ? openTerminal() : undefined;
  if (!terminal) {
    const why = mayAsk ? "there is no terminal to ask on" : "BatchMode forbids to ask";
    say(`pgoctl: ${identity.from} has a passphrase, and ${why}: load it into an ssh-agent`);
    return undefined;
  }
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const secret = await askSecret(`Passphrase for ${identity.from}: `, terminal);
      if (!secret) return undefined;
      const opened = identity.unlock?.(secret);
      if (opened) return opened;
      say("pgoctl: that is not its passphrase");
    }
    return undefined;
  } finally {
    terminal.close();
  }
}

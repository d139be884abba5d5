/**
 * Holds: an operator's standing wish that wins over Git.
 * @module
 */
import { remember } from "./state.ts";
import { visible } from "../visible.ts";
import type { Service } from "./service.ts";

/** New revisions are followed, but not deployed. */
export interface Freeze {
  /** Fingerprint and comment of the key that asked. */
  actor: string;
  /** ISO 8601, UTC. */
  since: string;
  reason: string;
  /** When it ends by itself; null: when somebody says `unfreeze`. */
  until: string | null;
}

/** The freeze that holds now; one that has run out is none. */
export function frozen(
  { host: { ledger }, config }: Service,
  now = Date.now(),
): Freeze | undefined {
  const { frozen } = ledger.service(config.name);
  if (frozen === null) return undefined;
  const hold = JSON.parse(frozen) as Freeze;
  return hold.until !== null && Date.parse(hold.until) <= now ? undefined : hold;
}

/** Compose services that an operator stopped one by one: they are not brought back. */
export function halted({ host: { ledger }, config }: Service): string[] {
  return JSON.parse(ledger.service(config.name).halted);
}

/** Remembers that these compose services are to stay as they are, or not any more. */
export async function setHalted(
  service: Service,
  names: readonly string[],
  halt: boolean,
): Promise<void> {
  const others = halted(service).filter((name) => !names.includes(name));
  await remember(service, { halted: JSON.stringify(halt ? [...others, ...names] : others) });
}

/** Freezes a service, or lets it go on with null. */
export async function setFreeze(service: Service, hold: Freeze | null): Promise<void> {
  await remember(service, { frozen: hold && JSON.stringify(hold) });
}

/** A freeze in one line, control characters made visible: `frozen by … since …: reason`. */
export function describeFreeze({ actor, since, reason, until }: Freeze): string {
  return visible(
    `frozen by ${actor} since ${since}${until ? `, until ${until}` : ""}${
      reason ? `: ${reason}` : ""
    }`,
  );
}

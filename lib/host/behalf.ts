/**
 * On whose behalf programs are started: known from where that is, not from what is handed down.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** Somebody who has asked for something, as far as programs go. */
export interface Behalf {
  /** The Unix user in whose turn all of it is started, also what pgod itself has to be asked; undefined: each its own. */
  user?: string;
  /** Ends what is started and has no signal of its own; undefined: it goes on although nobody waits for it. */
  signal?: AbortSignal | undefined;
}

const asking = new AsyncLocalStorage<Behalf>();

/** Carries out `work`: the programs that it starts, then or later, are started on that behalf. */
export function onBehalfOf<Value>(behalf: Behalf, work: () => Value): Value {
  return asking.run(behalf, work);
}

/** On whose behalf this is carried out; nobody's where pgod does it by itself. */
export function behalf(): Behalf {
  return asking.getStore() ?? {};
}

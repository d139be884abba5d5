/**
 * `deno task man`: writes the manual pages from what the programs tell of themselves, and docs/events.md from the vocabulary.
 * @module
 */
import { renderMan } from "../lib/manual.ts";
import { INIT_MANUAL } from "../lib/init/manual.ts";
import { ADD_MANUAL, REMOVE_MANUAL } from "../lib/onboard/manuals.ts";
import { PGOD_MANUAL } from "../lib/pgod_manual.ts";
import { PGOCTL_MANUAL } from "../lib/client/pgoctl_manual.ts";
import { VERSION } from "../lib/version.ts";
import { renderEvents } from "./events.ts";

for (const manual of [PGOD_MANUAL, ADD_MANUAL, REMOVE_MANUAL, PGOCTL_MANUAL, INIT_MANUAL]) {
  await Deno.writeTextFile(`man/${manual.name}.${manual.section}`, renderMan(manual, VERSION));
}
await Deno.writeTextFile("docs/events.md", renderEvents());

import assert from "node:assert/strict";
import { usage } from "../lib/commands/command.ts";
import { COMMANDS } from "../lib/commands/table.ts";
import { readFlags } from "../lib/config/flags.ts";
import { renderHelp, renderMan } from "../lib/manual.ts";
import { INIT_MANUAL } from "../lib/init/manual.ts";
import { ADD_MANUAL, REMOVE_MANUAL } from "../lib/onboard/manuals.ts";
import { PGOD_MANUAL } from "../lib/pgod_manual.ts";
import { COMMAND_HELP, PGOCTL_MANUAL } from "../lib/client/pgoctl_manual.ts";
import { VERSION } from "../lib/version.ts";

Deno.test("pgoctl's manual lists the command table", () => {
  assert.deepEqual(COMMAND_HELP, COMMANDS.map((command) => [usage(command), command.summary]));
});

for (const manual of [PGOD_MANUAL, ADD_MANUAL, REMOVE_MANUAL, PGOCTL_MANUAL, INIT_MANUAL]) {
  Deno.test(`man/${manual.name}.${manual.section} is what --help says (deno task man)`, async () => {
    const page = await Deno.readTextFile(
      new URL(`../man/${manual.name}.${manual.section}`, import.meta.url),
    );
    assert.equal(page, renderMan(manual, VERSION));
    assert.match(renderHelp(manual), new RegExp(`^${manual.name}: `));
  });
}

Deno.test("every option in pgod's manual is one that pgod takes", () => {
  for (const [term] of PGOD_MANUAL.lists[0]?.entries ?? []) {
    const [flag = "", value] = term.replace(/^-\w, /, "").split(" ");
    const given = value
      ? { DURATION: "5m", ADDRESS: ":22", N: "3", FORMAT: "json", SOCKET: "/s" }[value] ?? "/x"
      : undefined;
    readFlags(["-c", "/f", flag, ...(given ? [given] : [])]);
  }
});

import assert from "node:assert/strict";
import { filesWith } from "./sources.ts";

const DOORS: [what: string, pattern: RegExp, files: string[]][] = [
  ["processes", /Deno\.Command\(|node:child_process/, ["lib/host/process.ts"]],
  ["TOML", /from "(smol-toml|\.\/toml_places\.ts)"/, ["lib/config/toml.ts"]],
  ["places in TOML", /from "toml-eslint-parser"/, ["lib/config/toml_places.ts"]],
  ["waiting", /(?<!\.)\bset(Timeout|Interval)\(/, ["lib/host/clock.ts"]],
  ["SSH", /from "ssh2\/|^import ssh2 /m, ["lib/client/ssh2_parts.ts", "lib/ssh/ssh2_parts.ts"]],
  ["SSH's types", /from "ssh2"/, [
    "lib/client/agent.ts",
    "lib/client/client.ts",
    "lib/client/connection.ts",
    "lib/client/private_key.ts",
    "lib/client/ssh2_parts.ts",
    "lib/ssh/algorithms.ts",
    "lib/ssh/authentication.ts",
    "lib/ssh/connection.ts",
    "lib/ssh/flow.ts",
    "lib/ssh/internals.ts",
    "lib/ssh/promptness.ts",
    "lib/ssh/session.ts",
    "lib/ssh/ssh2_parts.ts",
  ]],
  ["logging", /from "@logtape\/logtape"/, ["lib/log.ts"]],
  ["SQLite", /from "node:sqlite"/, ["lib/service/ledger_schema.ts"]],
];
for (const [what, pattern, files] of DOORS) {
  Deno.test(`one door: ${what}`, async () => assert.deepEqual(await filesWith(pattern), files));
}

const LEAVES: [folder: string, forbidden: RegExp][] = [
  ["lib/config/", /from "\.\.\/(compose|service|ssh|client|commands)\//],
  ["lib/compose/", /from "\.\.\/(host|service|ssh|client|commands)\/|Deno\./],
  ["lib/host/", /from "\.\.\/(compose|service|ssh|client|commands)\//],
  ["lib/service/", /from "\.\.\/(client|commands)\/|from "\.\.\/ssh\/(?!access\.ts)/],
  ["lib/ports/", /from "\.\.\/(proxy|ssh|client|commands)\//],
  ["lib/proxy/", /from "\.\.\/(compose|service|ports|onboard|ssh|client|commands)\//],
  ["lib/onboard/", /from "\.\.\/(compose|ssh|client|commands)\//],
  ["lib/ssh/", /from "\.\.\/(compose|service|client|commands)\//],
  [
    "lib/client/",
    /from "\.\.\/ssh\/(server|session|host_key)\.ts|from "\.\.\/(compose|service|commands)\//,
  ],
  ["lib/init/", /from "\.\.\/(commands|onboard)\/|from "\.\.\/ssh\/(?!key_pair|protocol)/],
  ["lib/commands/", /from "\.\.\/client\//],
];
for (const [folder, forbidden] of LEAVES) {
  Deno.test(`imports point down: ${folder}`, async () => {
    const up = (await filesWith(forbidden)).filter((file) => file.startsWith(folder));
    assert.deepEqual(up, []);
  });
}

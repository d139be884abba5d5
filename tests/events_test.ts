import assert from "node:assert/strict";
import { EVENTS } from "../lib/events.ts";
import { renderEvents } from "../scripts/events.ts";
import { filesWith, root } from "./sources.ts";

Deno.test("docs/events.md is what lib/events.ts says (deno task man)", async () => {
  const text = await Deno.readTextFile(new URL("docs/events.md", root));
  assert.equal(text, renderEvents());
  for (const name of Object.keys(EVENTS)) assert.ok(text.includes(`| \`${name}\``), name);
});

for (const name of Object.keys(EVENTS)) {
  Deno.test(`somebody tells of ${name}`, async () => {
    const files = await filesWith(new RegExp(`"${name.replace(".", "\\.")}"`));
    assert.deepEqual(files.filter((file) => file === "lib/events.ts"), ["lib/events.ts"]);
    assert.notEqual(files.length, 1);
  });
}

Deno.test("every line that is logged begins with an event of the vocabulary", async () => {
  const known = Object.keys(EVENTS);
  const calls = /\blog\??\.(?:debug|info|warn|error)\(\s*([^\s,]+)/g;
  let seen = 0;
  for (const file of await filesWith(calls)) {
    const text = await Deno.readTextFile(new URL(file, root));
    for (const [call, first = ""] of text.matchAll(calls)) {
      seen++;
      // A name that is computed is checked by its type.
      if (!/^(event|EVENT\[)/.test(first)) assert.ok(known.includes(JSON.parse(first)), call);
    }
  }
  assert.ok(seen > 30);
});

import assert from "node:assert/strict";
import { FAULTS } from "./main.ts";

for (const { name, without } of FAULTS) {
  Deno.test(`the twin of "${name}" takes away what is there, once`, async () => {
    for (const { file, find } of without) {
      const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
      assert.equal(text.split(find).length, 2, `${file}: ${find}`);
    }
  });
}

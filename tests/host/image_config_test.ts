import assert from "node:assert/strict";
import { hasOnBuild } from "../../lib/host/image_config.ts";

for (
  const config of [
    "{}",
    '{"config":{"OnBuild":null},"container_config":{"OnBuild": [ ]}}',
    '{"config":{"Labels":{"x":"OnBuild"},"Cmd":["\\"onbuild\\":[1]"]}}',
  ]
) {
  Deno.test(`no ONBUILD: ${config}`, () => assert.equal(hasOnBuild(config), false));
}
for (
  const config of [
    '{"config":{"OnBuild":["RUN ls"]}}',
    '{"config":{"onbuild" : ["RUN ls"]}}',
    '{"config":{"On\\u0042uild":["RUN ls"]}}',
    '{"config":{"OnBuild":["RUN ls"],"OnBuild":null},"config":{}}',
  ]
) {
  Deno.test(`ONBUILD as Go reads it: ${config}`, () => assert.equal(hasOnBuild(config), true));
}

Deno.test("a config that is no JSON says nothing", () => {
  assert.throws(() => hasOnBuild("not JSON"), SyntaxError);
});

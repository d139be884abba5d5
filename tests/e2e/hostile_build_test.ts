/**
 * Techniques that bring files from outside of the repository into an image or a service, with real podman: each first
 * works with plain podman-compose 1.0.3, and is then refused by PGO.
 * @module
 */
import assert from "node:assert/strict";
import { type Attack, attack, type Home, idle, SECRET, withHome } from "./hostile_home.ts";
import { BASE, USERS } from "./users.ts";

const [ALICE] = USERS;

const built = (build: string) =>
  `services: { web: { build: ${build}, init: true, command: [sleep, "600"] } }\n`;

function attacks(home: Home): Record<string, Attack> {
  const { dir } = home;
  const inContainer = (...argv: string[]) => home.podman("exec", "shop_web_1", ...argv);
  const reads = (file: string) => async () => assert.equal(await inContainer("cat", file), SECRET);
  const inherits = async () => assert.match(await inContainer("env"), /^OWNER=host$/m);
  return {
    "the build context lies outside of the repository": {
      files: { "compose.yaml": built("../../host") },
      works: reads("/secret"),
      refusal: /web\.build/,
    },
    "the build context is a symlink that leads out": {
      files: { "compose.yaml": built("./app") },
      links: { app: `${dir}/host` },
      works: reads("/secret"),
      refusal: /web\.build.*(symlink|symbolic link)/i,
    },
    "a variable of the config is in the history of an image": {
      files: {
        "compose.yaml": built("{ context: ., args: { TOKEN: '${TOKEN}' } }"),
        "Dockerfile": `FROM ${BASE}\nARG TOKEN\nRUN ["/bin/true"]\n`,
      },
      env: { TOKEN: "s3cr3t" },
      works: async () =>
        assert.match(await home.podman("history", "--no-trunc", "shop_web"), /TOKEN=s3cr3t/),
      refusal: /web\.build\.args.*secret/,
    },
    "a file outside of the repository is extended": {
      files: { "compose.yaml": idle("extends: { file: ../../host/base.yaml, service: base }") },
      works: inherits,
      refusal: /web\.extends/,
    },
    "the extended file is a symlink that leads out": {
      files: { "compose.yaml": idle("extends: { file: base.yaml, service: base }") },
      links: { "base.yaml": `${dir}/host/base.yaml` },
      works: inherits,
      refusal: /web\.extends.*(symlink|symbolic link)/i,
    },
    "the compose file is a symlink that leads out": {
      files: {},
      links: { "compose.yaml": `${dir}/host/compose.yaml` },
      works: inherits,
      refusal: /no compose file at the top of the repository/,
    },
    "the image of a build takes the name of another service's": {
      files: {
        "compose.yaml": built(".").replace("web: {", "web: { image: localhost/pgo/other/web:1,"),
        "Dockerfile": `FROM ${BASE}\nLABEL by=shop\n`,
      },
      works: async () =>
        assert.match(
          await home.podman(
            "image",
            "inspect",
            "localhost/pgo/other/web:1",
            "--format",
            "{{.Labels}}",
          ),
          /by:shop/,
        ),
      refusal: /web\.image: localhost\/pgo\/other\/web:1 could be another service's/,
    },
  };
}

Deno.test("files from outside: podman-compose reads them, PGO refuses", async (t) => {
  await withHome(ALICE, async (home) => {
    const base = "services: { base: { environment: [OWNER=host] } }\n";
    await Deno.writeTextFile(`${home.dir}/host/base.yaml`, base);
    await Deno.writeTextFile(`${home.dir}/host/compose.yaml`, idle("environment: [OWNER=host]"));
    for (const [what, one] of Object.entries(attacks(home))) {
      await t.step(what, () => attack(home, one));
    }
  });
});

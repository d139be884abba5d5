import assert from "node:assert/strict";
import { judge, type Policy } from "../../lib/compose/policy.ts";
import { resolve } from "../../lib/compose/resolve.ts";
import { foreignNetworks } from "../../lib/config/networks.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import { memorySource } from "./memory_source.ts";

const CONFIG = parseConfig(
  [["shop", "alice", "own"], ["feed", "alice", "shared"], ["wiki", "bob", "shared"]].map((
    [name, user, network],
  ) =>
    `[[services]]\nname = "${name}"\nuser = "${user}"\nrepository = "/r"\nnetworks = ["${network}"]\n`
  ).join(""),
  "pgo.toml",
);

async function findings(network: string, networks: string[]) {
  const text =
    `services: { web: { image: docker.io/library/x, networks: [n] } }\nnetworks: { n: { external: true, name: ${network} } }`;
  const options = { service: "shop", file: "compose.yaml", env: {}, profiles: [] };
  const { model } = await resolve(memorySource({ "compose.yaml": text }), options);
  assert.ok(model);
  const policy: Policy = {
    service: "shop",
    ports: [],
    foreignPorts: [],
    mounts: [],
    volumes: [],
    allow: [],
    networks,
    foreignNetworks: foreignNetworks(CONFIG, { user: "alice" }),
    checkout: "/c",
    dataDir: "/d",
  };
  return judge(model, policy).map(({ kind, message, allow }) => ({ kind, message, allow }));
}

Deno.test("a network that another user's service lists: users have networks of their own, and ports are the way", async () => {
  const [found, ...more] = await findings("shared", ["own"]);
  assert.deepEqual(more, []);
  assert.deepEqual([found?.kind, found?.allow], ["violation", undefined]);
  assert.match(
    found?.message ?? "",
    /^shared is a network of service "wiki" and its user bob, and each user has networks of its own: .*published port, at host\.containers\.internal$/,
  );
});

Deno.test("the same name for a network of one's own: allowed, with a note that it is another one", async () => {
  const [found] = await findings("shared", ["shared"]);
  assert.equal(found?.kind, "note");
  assert.match(found?.message ?? "", /each user has networks of its own/);
});

Deno.test("a network of the same user's, and one that nobody lists", async () => {
  assert.deepEqual(await findings("own", ["own"]), []);
  assert.equal((await findings("other", ["own"]))[0]?.allow, 'networks = ["other"]');
});

import assert from "node:assert/strict";
import { parseTree } from "../../lib/host/git_objects.ts";
import { inspectCandidate } from "../../lib/service/candidate.ts";
import { Rejection, type Service } from "../../lib/service/service.ts";

/** A service whose repository holds `files`; `mode` of a path is a Git mode, 100644 unless given. */
function serviceWith(files: Record<string, string>, modes: Record<string, string> = {}): Service {
  const listing = Object.keys(files).map((path) =>
    `${modes[path] ?? "100644"} blob ${path.length}${path.replace(/\W/g, "")} 10\t${path}\0`
  );
  const tree = parseTree(listing.join(""));
  const blobs = (ids: readonly string[]) =>
    Promise.resolve(
      new Map(
        [...tree].filter(([, { id }]) => ids.includes(id)).map((
          [path, { id }],
        ) => [id, new TextEncoder().encode(files[path])]),
      ),
    );
  const config = {
    name: "shop",
    compose: undefined,
    env: {},
    ports: undefined,
    mounts: [],
    networks: [],
    volumes: [],
    secrets: [],
    registries: [],
    files: {},
    profiles: [],
    allow: [],
  };
  const paths = { checkout: "/c", data: "/d" };
  return {
    config,
    paths,
    foreignPorts: [],
    git: { tree: () => Promise.resolve(tree), blobs },
  } as unknown as Service;
}

const COMPOSE = "services: { web: { image: docker.io/library/busybox } }";

const REFUSED: [files: Record<string, string>, modes: Record<string, string>, expected: RegExp][] =
  [
    [{ "compose.yml": COMPOSE, sub: "" }, { sub: "160000" }, /^sub:1:1: a Git submodule/],
    [{ "compose.yml": COMPOSE, ".gitattributes": "*.bin filter=lfs diff=lfs\n" }, {}, /Git LFS/],
    [{ README: "x" }, {}, /no compose file at the top/],
    [{ "compose.yml": COMPOSE }, { "compose.yml": "120000" }, /no compose file/],
  ];
for (const [files, modes, expected] of REFUSED) {
  Deno.test(`refused: ${Object.keys(files).join(", ")} ${Object.values(modes)}`, async () => {
    await assert.rejects(
      inspectCandidate(serviceWith(files, modes), "r"),
      (error: Error) => error instanceof Rejection && expected.test(error.message),
    );
  });
}

Deno.test("the digest changes with the compose file and what it reads, and with nothing else", async () => {
  const digest = async (files: Record<string, string>) =>
    (await inspectCandidate(serviceWith(files), "r")).digest;
  const one = await digest({ "compose.yml": COMPOSE, other: "x" });
  assert.equal(await digest({ "compose.yml": COMPOSE, another: "yy" }), one);
  assert.notEqual(await digest({ "compose.yaml": COMPOSE }), one);
  assert.notEqual(await digest({ "compose.yml": COMPOSE, ".env": "A=b" }), one);
});

/**
 * Techniques that get at another service of the same user, with real podman and real containers: each first works with
 * plain podman-compose 1.0.3 on a neighbour that podman-compose started too, and is then refused by PGO.
 * @module
 */
import assert from "node:assert/strict";
import { type Attack, attack, compose, type Home, idle, withHome } from "./hostile_home.ts";
import { until } from "./shell.ts";
import { BASE, USERS } from "./users.ts";

const [ALICE] = USERS;
const NEIGHBOUR = `services:
  web:
    image: localhost/pgo/other/web:1
    build: .
    init: true
    command: httpd -f -p 8080 -h /data
    volumes: ["data:/data"]
volumes:
  data:
`;

/** Starts the neighbour, with a page of its own in a volume. */
async function startNeighbour({ dir, run, podman }: Home): Promise<void> {
  await Deno.writeTextFile(`${dir}/other/compose.yaml`, NEIGHBOUR);
  await Deno.writeTextFile(`${dir}/other/page`, "the neighbour's");
  await Deno.writeTextFile(`${dir}/other/Dockerfile`, `FROM ${BASE}\nCOPY page /page\n`);
  await run(["podman-compose", "-p", "other", "up", "-d"], { cwd: `${dir}/other` });
  await podman("exec", "other_web_1", "cp", "/page", "/data/page");
}

const inContainer = ({ podman }: Home, script: string) =>
  podman("exec", "shop_web_1", "sh", "-c", script);
const running = async ({ podman }: Home) =>
  (await podman("ps", "--format", "{{.Names}}")).split("\n");

function attacks(home: Home): Record<string, Attack> {
  const fetched = async () =>
    assert.equal(
      await until("the page", () => inContainer(home, "wget -q -O - http://web:8080/page"), 10_000),
      "the neighbour's",
    );
  const volume = async () => {
    assert.equal(await inContainer(home, "cat /x/page"), "the neighbour's");
    await inContainer(home, "echo the attacker > /x/index.html");
    assert.equal(
      await home.podman("exec", "other_web_1", "cat", "/data/index.html"),
      "the attacker",
    );
  };
  return {
    "its network is joined and its page is read": {
      files: {
        "compose.yaml": idle(
          "networks: [front]",
          "networks: { front: { external: true, name: other_default } }\n",
        ).replace("  web:", "  spy:\n    container_name: shop_web_1"),
      },
      works: fetched,
      refusal: /networks\.front.*other_default belongs to somebody else/,
    },
    "its network is joined by its name alone": {
      files: {
        "compose.yaml": idle("networks: [front]", "networks: { front: { name: other_default } }\n")
          .replace("  web:", "  spy:\n    container_name: shop_web_1"),
      },
      works: fetched,
      refusal: /networks\.front.*other_default could be another service's/,
    },
    "its volume is read and written": {
      files: {
        "compose.yaml": idle(
          `volumes: ["data:/x"]`,
          "volumes: { data: { external: true, name: other_data } }\n",
        ),
      },
      works: volume,
      refusal: /volumes\.data.*other_data belongs to somebody else/,
    },
    "its volume is taken by its name alone": {
      files: {
        "compose.yaml": idle(`volumes: ["data:/x"]`, "volumes: { data: { name: other_data } }\n"),
      },
      works: volume,
      refusal: /volumes\.data.*other_data could be another service's/,
    },
    "its image is read": {
      files: { "compose.yaml": idle("").replace(BASE, "localhost/pgo/other/web:1") },
      works: async () => assert.equal(await inContainer(home, "cat /page"), "the neighbour's"),
      refusal: /web\.image.*could be another service's/,
    },
    "its image is read by its short name": {
      files: { "compose.yaml": idle("").replace(BASE, "pgo/other/web:1") },
      works: async () => assert.equal(await inContainer(home, "cat /page"), "the neighbour's"),
      refusal: /web\.image.*could be another service's/,
    },
    "a container counts as its": {
      files: { "compose.yaml": idle("labels: [pgo.service=other]") },
      works: async () =>
        assert.equal(
          await home.podman("ps", "--filter", "label=pgo.service=other", "--format", "{{.Names}}"),
          "shop_web_1",
        ),
      refusal: /web\.labels.*pgo\.service/,
    },
    "its pod is joined, and with it its shared memory": {
      files: { "compose.yaml": idle("pod: pod_other") },
      works: async () =>
        assert.equal(await inContainer(home, "cat /dev/shm/note"), "the neighbour's"),
      refusal: /web\.pod/,
    },
    "its container's name takes it down": {
      files: { "compose.yaml": idle("container_name: other_web_1") },
      async works() {
        assert.ok((await running(home)).includes("other_web_1"));
        await compose(home, ["down", "-t", "0"], {});
        assert.ok(!(await running(home)).includes("other_web_1"));
      },
      refusal: /web\.container_name/,
    },
    "a container named --all takes down everything of the user": {
      files: { "compose.yaml": idle('container_name: "--all"') },
      async works() {
        assert.ok((await running(home)).includes("in_pod"));
        await compose(home, ["down", "-t", "0"], {});
        assert.deepEqual(await running(home), [""]);
      },
      refusal: /web\.container_name/,
    },
  };
}

Deno.test("what is another service's: podman-compose gets at it, PGO refuses", async (t) => {
  await withHome(ALICE, async (home) => {
    const { run, podman } = home;
    await run(["mkdir", `${home.dir}/other`]);
    await startNeighbour(home);
    await podman("pod", "create", "--name", "pod_other");
    await podman("run", "-d", "--pod=pod_other", "--name=in_pod", "--init", BASE, "sleep", "600");
    await podman("exec", "in_pod", "sh", "-c", 'echo "the neighbour\'s" > /dev/shm/note');
    for (const [what, one] of Object.entries(attacks(home))) {
      await t.step(what, () => attack(home, one));
    }
  });
});

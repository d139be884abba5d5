/**
 * Techniques that take what is the host's, with real podman and real containers: each first works with plain
 * podman-compose 1.0.3, seen from outside, and is then refused by PGO.
 * @module
 */
import assert from "node:assert/strict";
import { parsePortRange } from "../../lib/config/ports.ts";
import { type Attack, attack, type Home, idle, judged, SECRET, withHome } from "./hostile_home.ts";
import { freePort } from "./port.ts";
import { as, get, until } from "./shell.ts";
import { BASE, USERS } from "./users.ts";

const [ALICE, BOB] = USERS;
const own = freePort();
const taken = freePort();
const httpd = `services:
  web:
    image: ${BASE}
    init: true
    command: ["sh", "-c", "echo mine > /index.html; exec httpd -f -p 8080 -h /"]
`;

const inContainer = ({ podman }: Home, ...argv: string[]) => podman("exec", "shop_web_1", ...argv);
/** The host's secret is to be read in the container. */
const reads = (home: Home, file: string) => async () =>
  assert.equal(await inContainer(home, "cat", file), SECRET);

function attacks(home: Home): Record<string, Attack> {
  const host = `${home.dir}/host`;
  const answers = () => until("the port", () => get(`http://127.0.0.1:${taken}/`), 10_000);
  const policy = { ports: [parsePortRange(`${own}/0`)] };
  const environment = async (variable: RegExp) =>
    assert.match(await inContainer(home, "env"), variable);
  return {
    "a port outside of the service's range answers": {
      files: { "compose.yaml": `${httpd}    ports: ["${taken}:8080"]\n` },
      policy,
      works: async () => assert.equal(await answers(), "mine\n"),
      refusal: new RegExp(`ports\\[0\\]: host port ${taken} is not this service's`),
    },
    "a second port behind a comma answers": {
      files: { "compose.yaml": `${httpd}    ports: ["${own}:8080,${taken}:8080"]\n` },
      policy,
      works: async () => assert.equal(await answers(), "mine\n"),
      refusal: /services\.web\.ports\[0\]/,
    },
    "an override file publishes a port": {
      files: {
        "compose.yaml": httpd,
        "compose.override.yaml": `services: { web: { ports: ["${taken}:8080"] } }\n`,
      },
      policy,
      works: async () => assert.equal(await answers(), "mine\n"),
      refusal: /compose\.override\.yaml:1:.*ports\[0\]/,
    },
    "a folder of the host is read and written": {
      files: { "compose.yaml": idle(`volumes: ["${host}:/x"]`) },
      async works() {
        await reads(home, "/x/secret")();
        await inContainer(home, "sh", "-c", "echo by the container > /x/written");
        assert.equal(await Deno.readTextFile(`${host}/written`), "by the container\n");
      },
      refusal: /volumes\[0\]: .*host is outside the service's own directories/,
    },
    "a symlink in the repository leads a mount out": {
      files: { "compose.yaml": idle(`volumes: ["./data:/x"]`) },
      links: { data: host },
      works: reads(home, "/x/secret"),
      refusal: /volumes\[0\]: .*(symlink|symbolic link)/i,
    },
    "an external volume is a path": {
      files: {
        "compose.yaml": idle(
          `volumes: ["data:/x"]`,
          `volumes: { data: { external: true, name: "${host}" } }\n`,
        ),
      },
      works: reads(home, "/x/secret"),
      refusal: /^compose\.yaml:\d+:\d+: volumes\.data/m,
    },
    "the log is written where the attacker likes": {
      files: {
        "compose.yaml": idle(
          `logging: { driver: k8s-file, options: { path: "${host}/log" } }`,
        ).replace(`[sleep, "600"]`, `[sh, -c, "echo chosen; sleep 600"]`),
      },
      works: async () =>
        void await until(
          "the log",
          async () => /stdout F chosen/.test(await Deno.readTextFile(`${host}/log`)),
        ),
      refusal: /services\.web\.logging\.options\.path/,
    },
    "an env file outside of the repository is in the environment": {
      files: { "compose.yaml": idle("env_file: [../../host/app.env]") },
      works: () => environment(/^PASSWORD=of-another$/m),
      refusal: /services\.web\.env_file\[0\]/,
    },
    ".env is a symlink, and its lines are variables": {
      files: { "compose.yaml": idle(`labels: { x: "\${PASSWORD}" }`) },
      links: { ".env": `${host}/app.env` },
      works: async () =>
        assert.equal(
          await home.podman("inspect", "shop_web_1", "--format", "{{.Config.Labels.x}}"),
          "of-another",
        ),
      refusal: /^\.env:.*(symlink|symbolic link|regular)/im,
    },
    "a star gives the container the variables of the config": {
      files: { "compose.yaml": idle(`environment: ["*"]`) },
      env: { TOKEN: "s3cr3t" },
      works: () => environment(/^TOKEN=s3cr3t$/m),
      refusal: /services\.web\.environment/,
    },
    "a variable of the config is shown to every user of the host": {
      files: { "compose.yaml": idle(`entrypoint: [sh, -c, "sleep 600; : \${TOKEN}"]`) },
      env: { TOKEN: "s3cr3t" },
      works: async () =>
        assert.match((await as(BOB, ["ps", "-eo", "args"])).stdout, /sleep 600; : s3cr3t/),
      refusal: /services\.web\.entrypoint.*secret/,
    },
    "a secret is a file outside of the repository": {
      files: {
        "compose.yaml": idle(
          "secrets: [token]",
          `secrets: { token: { file: ../../host/secret } }\n`,
        ),
      },
      works: reads(home, "/run/secrets/token"),
      refusal: /secrets\.token\.file/,
    },
  };
}

Deno.test("what is the host's: podman-compose hands it out, PGO refuses", async (t) => {
  await withHome(ALICE, async (home) => {
    await Deno.writeTextFile(`${home.dir}/host/app.env`, "PASSWORD=of-another\n");
    await t.step("a service without any of it is no matter to PGO", async () => {
      await home.run(["mkdir", `${home.dir}/shop/checkout`]);
      await Deno.writeTextFile(`${home.dir}/shop/checkout/compose.yaml`, httpd);
      assert.equal(await judged(home, {}), "");
    });
    for (const [what, one] of Object.entries(attacks(home))) {
      await t.step(what, () => attack(home, one));
    }
  });
});

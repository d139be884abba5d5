/**
 * Techniques that make more of a container than it should be, with real podman and real containers: each
 * first works with plain podman-compose 1.0.3, and is then refused by PGO.
 * @module
 */
import assert from "node:assert/strict";
import { type Attack, attack, type Home, idle, SECRET, withHome } from "./hostile_home.ts";
import { BASE, USERS } from "./users.ts";

const [ALICE] = USERS;

const inspect = ({ podman }: Home, format: string) =>
  podman("inspect", "shop_web_1", "--format", format);
const inContainer = ({ podman }: Home, script: string) =>
  podman("exec", "shop_web_1", "sh", "-c", script);

/** A key of a service, where its effect is seen, and what is seen there without it. */
const PRIVILEGES: [
  keys: string,
  seen: (home: Home) => Promise<string>,
  effect: RegExp,
  refusal: RegExp,
][] = [
  [
    "privileged: true",
    (home) => inspect(home, "{{.HostConfig.Privileged}}"),
    /^true$/,
    /web\.privileged/,
  ],
  [
    "cap_add: [SYS_ADMIN]",
    (home) => inspect(home, "{{.EffectiveCaps}}"),
    /CAP_SYS_ADMIN/,
    /web\.cap_add\[0\]/,
  ],
  [
    'cap_add: ["CHOWN,SYS_PTRACE"]',
    (home) => inspect(home, "{{.EffectiveCaps}}"),
    /CAP_SYS_PTRACE/,
    /web\.cap_add\[0\]/,
  ],
  [
    'devices: ["/dev/net/tun:/dev/wire"]',
    (home) => inContainer(home, "ls -l /dev"),
    /^c.* 10, +200 .*wire$/m,
    /web\.devices\[0\]/,
  ],
  [
    'sysctls: ["net.ipv4.ip_unprivileged_port_start=7"]',
    (home) => inContainer(home, "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"),
    /^7$/,
    /web\.sysctls/,
  ],
  [
    'security_opt: ["seccomp=unconfined"]',
    (home) => inContainer(home, "grep ^Seccomp: /proc/1/status"),
    /\t0$/,
    /web\.security_opt\[0\]/,
  ],
  [
    'security_opt: ["unmask=ALL"]',
    (home) => inContainer(home, "grep -c ' /proc/.* tmpfs ' /proc/mounts || true"),
    /^0$/,
    /web\.security_opt\[0\]/,
  ],
  [
    'tmpfs: ["/mnt:exec,suid,dev"]',
    (home) => inContainer(home, "grep ' /mnt ' /proc/mounts || true"),
    / \/mnt tmpfs (?!.*nosuid)/,
    /web\.tmpfs\[0\]/,
  ],
  [
    "annotations: { run.oci.keep_original_groups: '1' }",
    (home) => inspect(home, "{{json .Config.Annotations}}"),
    /keep_original_groups/,
    /web\.annotations/,
  ],
];

function attacks(home: Home): Record<string, Attack> {
  return {
    "the image is --privileged": {
      files: {
        "compose.yaml":
          `services: { web: { image: --privileged, command: "${BASE} sleep 600" } }\n`,
      },
      works: async () => assert.equal(await inspect(home, "{{.HostConfig.Privileged}}"), "true"),
      refusal: /web\.image/,
    },
    "the image is a mount of a host folder": {
      files: {
        "compose.yaml":
          `services: { web: { image: "-v=${home.dir}/host:/x", command: "${BASE} sleep 600" } }\n`,
      },
      works: async () => assert.equal(await inContainer(home, "cat /x/secret"), SECRET),
      refusal: /web\.image/,
    },
  };
}

Deno.test("what a container may: podman-compose gives all, PGO refuses", async (t) => {
  await withHome(ALICE, async (home) => {
    await t.step("none of it is so by default", async () => {
      await home.podman("run", "-d", "--name", "shop_web_1", "--init", BASE, "sleep", "600");
      for (const [keys, seen, effect] of PRIVILEGES) {
        assert.doesNotMatch(await seen(home), effect, keys);
      }
      await home.podman("rm", "-f", "-t", "0", "shop_web_1");
    });
    for (const [keys, seen, effect, refusal] of PRIVILEGES) {
      await t.step(keys, () =>
        attack(home, {
          files: { "compose.yaml": idle(keys) },
          works: async () => assert.match(await seen(home), effect),
          refusal,
        }));
    }
    for (const [what, one] of Object.entries(attacks(home))) {
      await t.step(what, () => attack(home, one));
    }
  });
});

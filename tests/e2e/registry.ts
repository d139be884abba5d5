/**
 * Debian's docker-registry on loopback, for tests that pull from a real registry.
 * @module
 */
import { freePort } from "./port.ts";
import { as, get, ok, until } from "./shell.ts";

/**
 * Runs `body` with a registry that `user`'s Podman may reach without TLS; `host` is `127.0.0.1:PORT`. With a
 * `login` it lets in nobody else.
 */
export async function withRegistry(
  user: string,
  body: (host: string) => Promise<void>,
  login?: { username: string; password: string },
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pgo-registry-" });
  const host = `127.0.0.1:${freePort()}`;
  const auth = login ? `auth: { htpasswd: { realm: test, path: ${dir}/htpasswd } }\n` : "";
  if (login) {
    const { username, password } = login;
    await ok(["htpasswd", "-i", "-B", "-c", `${dir}/htpasswd`, username], { stdin: password });
  }
  await Deno.writeTextFile(
    `${dir}/config.yml`,
    `version: 0.1\nstorage: { filesystem: { rootdirectory: ${dir}/data }, delete: { enabled: true } }\nhttp: { addr: "${host}" }\n${auth}`,
  );
  const child = new Deno.Command("docker-registry", {
    args: ["serve", `${dir}/config.yml`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const trust = `/home/${user}/.config/containers/registries.conf.d/pgo-test.conf`;
  try {
    await as(user, ["mkdir", "-p", trust.replace(/\/[^/]*$/, "")]);
    await Deno.writeTextFile(trust, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    await until(
      "the registry answers",
      async () => /^\{|UNAUTHORIZED/.test(await get(`http://${host}/v2/`)),
    );
    await body(host);
  } finally {
    await ok(["kill", `${child.pid}`]);
    await child.status;
    await ok(["rm", "-rf", dir, trust]);
  }
}

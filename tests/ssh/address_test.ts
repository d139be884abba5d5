import assert from "node:assert/strict";
import { permittedCommand, startLogging } from "../e2e/pgod.ts";

Deno.test("a pgod whose port is taken says so, and makes nothing in --dir", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/config.toml`, "");
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${taken.addr.port}`;
  const flags = ["-c", `${dir}/config.toml`, "-s", address, "--dir", `${dir}/typo/lib`];
  const argv = await permittedCommand([...flags, "--root=false"]);
  let text = "";
  const { code } = await startLogging(argv, (chunk) => text += chunk).ended;
  taken.close();
  assert.match(text, new RegExp(`^pgod: cannot listen on ${address}: .*in use`));
  assert.equal(code, 1);
  const left = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
  assert.deepEqual(left, ["config.toml"]);
  await Deno.remove(dir, { recursive: true });
});

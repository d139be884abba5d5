/**
 * Compiled code that Deno keeps: it is run as it is found.
 * @module
 */
import assert from "node:assert/strict";
import { withInstalled } from "./installed.ts";

Deno.test("launchers take compiled code from no directory that is somebody else's, or a link", (t) =>
  withInstalled(async ({ dir, run }) => {
    const kept = async (program: "sbin/pgod" | "bin/pgoctl", cache: string) => {
      const env = { PATH: "/usr/bin:/bin", HOME: dir, DENO_DIR: cache };
      const { code, stdout } = await run(program, ["-v"], { env });
      assert.equal(code, 0);
      assert.match(stdout, /^pgo/);
      return (await Array.fromAsync(Deno.readDir(cache))).length > 0;
    };
    for (const program of ["sbin/pgod", "bin/pgoctl"] as const) {
      const cache = await Deno.makeTempDir({ dir });
      await t.step(`${program}: its own, there or not yet`, async () => {
        assert.equal(await kept(program, cache), true);
        await Deno.remove(cache, { recursive: true });
        assert.equal(await kept(program, cache), true);
      });
      await t.step(`${program}: a link`, async () => {
        const real = await Deno.makeTempDir({ dir });
        await Deno.symlink(real, `${real}.link`);
        assert.equal(await kept(program, `${real}.link`), false);
      });
      // Nobody but root can come by a directory that is not his own.
      if (Deno.uid() === 0) {
        await t.step(`${program}: another user's`, async () => {
          const strange = await Deno.makeTempDir({ dir });
          await Deno.chown(strange, 65534, 65534);
          assert.equal(await kept(program, strange), false);
        });
      }
    }
  }));

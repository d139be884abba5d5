import assert from "node:assert/strict";
import { readSecretFile, SecretFileError } from "../../lib/host/secret_file.ts";

async function withFile(
  mode: number,
  body: (path: string, dir: string) => Promise<void>,
  text = "hunter2\n",
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/x`, text);
    await Deno.chmod(`${dir}/x`, mode);
    await body(`${dir}/x`, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const refuses = (path: string, expected: RegExp, options = {}) =>
  assert.rejects(
    readSecretFile(path, options),
    (error: Error) =>
      error instanceof SecretFileError && error.message.startsWith(`${path}: `) &&
      expected.test(error.message) && !error.message.includes("hunter2"),
  );

for (const mode of [0o600, 0o400]) {
  Deno.test(`a file of mode ${mode.toString(8)} is read`, () =>
    withFile(mode, async (path) => assert.equal(await readSecretFile(path), "hunter2\n")));
}

for (const mode of [0o640, 0o604, 0o644, 0o660, 0o620, 0o602]) {
  Deno.test(`a file of mode ${mode.toString(8)} holds no secret any more`, () =>
    withFile(mode, (path) => refuses(path, /mode 0\d{3} lets others read it, .*chmod 600/)));
}

Deno.test("an open file may be read by all, but not written", async () => {
  await withFile(0o644, async (path) => {
    assert.equal(await readSecretFile(path, { open: true }), "hunter2\n");
  });
  await withFile(0o664, (path) => refuses(path, /lets others write it/, { open: true }));
});

Deno.test("links, directories, what is not there, what is too long: one line each", () =>
  withFile(0o600, async (path, dir) => {
    await Deno.symlink(path, `${dir}/link`);
    await refuses(`${dir}/link`, /a link, expected a regular file/);
    await refuses(dir, /no file/);
    await refuses(`${dir}/none`, /there is no such file/);
  }));

Deno.test("a file longer than a variable may be is refused", () =>
  withFile(0o600, (path) => refuses(path, /at most 65536/), "x".repeat(65_537)));

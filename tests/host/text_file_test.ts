import assert from "node:assert/strict";
import { readTextFile, replaceTextFile } from "../../lib/host/text_file.ts";

async function inDirectory(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}

Deno.test("a file is replaced with its mode, through a link that stays one, and nothing is left beside it", () =>
  inDirectory(async (dir) => {
    await Deno.mkdir(`${dir}/real`);
    await Deno.writeTextFile(`${dir}/real/a`, "\ufeffold", { mode: 0o640 });
    await Deno.chmod(`${dir}/real/a`, 0o640);
    await Deno.symlink("real/a", `${dir}/a`);
    const file = await readTextFile(`${dir}/a`);
    assert.equal(file.text, "\ufeffold");
    await replaceTextFile(file, file.text + "\nnéw\r\n");
    assert.equal(await Deno.readTextFile(`${dir}/real/a`), "\ufeffold\nnéw\r\n");
    assert.equal((await Deno.stat(`${dir}/real/a`)).mode ?? 0, 0o100640);
    assert.ok((await Deno.lstat(`${dir}/a`)).isSymlink);
    assert.deepEqual(await names(`${dir}/real`), ["a"]);
  }));

Deno.test("a file that is not there counts as empty, and is made readable by its owner only", () =>
  inDirectory(async (dir) => {
    const file = await readTextFile(`${dir}/a`);
    assert.equal(file.text, "");
    await replaceTextFile(file, "new");
    assert.equal((await Deno.stat(`${dir}/a`)).mode ?? 0, 0o100600);
    assert.equal(await Deno.readTextFile(`${dir}/a`), "new");
  }));

Deno.test("an edit by somebody else meanwhile is noticed and kept", () =>
  inDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/a`, "old");
    const changed = await readTextFile(`${dir}/a`);
    await Deno.writeTextFile(`${dir}/a`, "OLD");
    await assert.rejects(
      replaceTextFile(changed, "new"),
      /\/a: somebody else changed it meanwhile/,
    );
    assert.equal(await Deno.readTextFile(`${dir}/a`), "OLD");
    const missing = await readTextFile(`${dir}/b`);
    await Deno.writeTextFile(`${dir}/b`, "theirs");
    await assert.rejects(replaceTextFile(missing, "new"), /somebody else changed it/);
    assert.deepEqual(await names(dir), ["a", "b"]);
  }));

Deno.test("of two writers at once one is told, and leaves the other's draft alone", () =>
  inDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/a`, "old");
    const file = await readTextFile(`${dir}/a`);
    await Deno.writeTextFile(`${dir}/a.new`, "another's");
    await assert.rejects(replaceTextFile(file, "new"), /a\.new is there: somebody else writes/);
    assert.deepEqual(await names(dir), ["a", "a.new"]);
    assert.equal(await Deno.readTextFile(`${dir}/a`), "old");
  }));

Deno.test("what has to be done before is done when the file is as good as replaced, and its failure keeps the file", () =>
  inDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/a`, "old");
    const file = await readTextFile(`${dir}/a`);
    const failing = replaceTextFile(file, "new", async () => {
      assert.deepEqual(await names(dir), ["a", "a.new"]);
      throw new Error("useradd: no");
    });
    await assert.rejects(failing, { message: "useradd: no" });
    assert.deepEqual(await names(dir), ["a"]);
    await Deno.writeTextFile(`${dir}/a.new`, "");
    let ran = false;
    await assert.rejects(replaceTextFile(file, "new", () => Promise.resolve(void (ran = true))));
    assert.equal(ran, false);
    assert.equal(await Deno.readTextFile(`${dir}/a`), "old");
  }));

Deno.test("what cannot be read as text is said in one line", () =>
  inDirectory(async (dir) => {
    await Deno.writeFile(`${dir}/a`, new Uint8Array([0xff, 0x41]));
    await Deno.symlink("nothing", `${dir}/b`);
    await assert.rejects(readTextFile(`${dir}/a`), /\/a: this is no UTF-8 text$/);
    await assert.rejects(readTextFile(`${dir}/b`), /\/b: a link that leads nowhere$/);
    await assert.rejects(readTextFile(dir), /: this is no file$/);
  }));

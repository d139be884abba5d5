/**
 * `deno task bundle`: each program as one file of JavaScript, dist/pgod.js and dist/pgoctl.js, that needs no other.
 * @module
 */
import { fileURLToPath } from "node:url";

/** The top of the tree, with a slash at its end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs a program in the tree; returns what it printed. @throws {Error} with its words when it fails. */
export async function run(program: string, args: readonly string[], cwd = root): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], cwd, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (code !== 0) {
    throw new Error(
      `${program} ${args[0]} failed: ${
        [text(stdout), text(stderr)].filter((part) => part !== "").join("\n")
      }`,
    );
  }
  return text(stdout);
}

/** The Git revision of the tree, 12 digits, `+` behind it when files were changed; `""` where there is no Git. */
async function revision(): Promise<string> {
  try {
    return await run("git", ["describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]);
  } catch {
    return "";
  }
}

/**
 * What a bundle begins with: names that packages written for CommonJS expect. Parts of Node that only ssh2's Windows
 * agents, HTTP proxies and file transfers use are left out or wait until they are called, and its native parts, which
 * are not built, are not looked for: together a tenth of the time to start.
 */
const head = (revision: string) =>
  `import pgoProcess from "node:process";
const pgoNode = (name) => pgoProcess.getBuiltinModule(name);
const pgoLater = (name) =>
  new Proxy({}, { get: (_, key) => (...words) => pgoNode(name)[key](...words) });
const pgoUnused = {
  "node:child_process": {},
  "node:fs": pgoLater("node:fs"),
  "node:http": { Agent: class {} },
  "node:https": { Agent: class {} },
  "node:tls": {},
};
const require = (name) => {
  if (name.endsWith(".node")) throw new Error(name + " is not built");
  return pgoUnused[name] ?? pgoNode(name);
};
const __dirname = import.meta.dirname, PGO_REVISION = ${JSON.stringify(revision)};
`;

/** Bundles both programs into `folder`; returns the revision they say they are. */
export async function bundle(folder: string): Promise<string> {
  const built = await revision();
  await Deno.mkdir(folder, { recursive: true });
  for (const program of ["pgod", "pgoctl"]) {
    const file = `${folder}/${program}.js`;
    await run("deno", [
      "bundle",
      "--quiet",
      // Also takes out where packages lay when it was built: the same revision makes the same bundle.
      "--minify",
      "--keep-names",
      "--platform=deno",
      "--external=*.node",
      `--output=${file}`,
      `${program}.ts`,
    ]);
    const text = await Deno.readTextFile(file);
    const [, shebang = "", body = ""] = /^(#!.*\n)?([^]*)$/.exec(text) ?? [];
    await Deno.writeTextFile(file, shebang + head(built) + body);
    await Deno.chmod(file, shebang ? 0o755 : 0o644);
  }
  return built;
}

if (import.meta.main) console.log(`dist/pgod.js, dist/pgoctl.js: ${await bundle(`${root}dist`)}`);

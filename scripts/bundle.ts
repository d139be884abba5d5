/**
 * `deno task bundle`: each program as one file of JavaScript, dist/pgod.js and dist/pgoctl.js, that needs no other.
 * @module
 */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

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

/** Modules of Node that both programs need from the start; `process.getBuiltinModule` loads all that there are. */
const NODE = ["buffer", "crypto", "events", "net", "path", "process", "stream", "util"];

/**
 * What a bundle begins with: names that packages written for CommonJS expect. Modules of Node that only ssh2's Windows
 * agents, HTTP proxies, file transfers and compression use are left out or wait until they are called, and its native
 * parts, which are not built, are not looked for.
 */
const head = (revision: string) =>
  `${NODE.map((name) => `import pgo_${name} from "node:${name}";`).join("\n")}
const pgoNode = { ${NODE.map((name) => `"node:${name}": pgo_${name}`).join(", ")} };
const pgoLoad = (name) => pgo_process.getBuiltinModule(name);
const pgoLater = (name) =>
  new Proxy(() => {}, {
    apply: (_, self, words) => pgoLoad(name).apply(self, words),
    get: (_, key) => (...words) => pgoLoad(name)[key](...words),
  });
const pgoUnused = {
  "SFTP.js": { SFTP: class {} },
  "poly1305.js": async () => ({ _malloc: () => 0, cwrap: () => {} }),
  "node:assert": pgoLater("node:assert"),
  "node:child_process": {},
  "node:dns": pgoLater("node:dns"),
  "node:fs": pgoLater("node:fs"),
  "node:http": { Agent: class {} },
  "node:https": { Agent: class {} },
  "node:tls": {},
  "node:zlib": { constants: {}, createInflate: () => ({ _handle: {} }) },
};
const require = (name) => {
  const file = name.split("/").at(-1);
  if (file.endsWith(".node")) throw new Error(name + " is not built");
  return pgoUnused[file] ?? pgoUnused[name] ?? pgoNode[name] ?? pgoLoad(name);
};
const __dirname = import.meta.dirname, PGO_REVISION = ${JSON.stringify(revision)};
`;

/** Parts of ssh2 that pgoctl has no use for: files, and a cipher that it does not offer. */
const UNUSED = ["*/SFTP.js", "*/poly1305.js"];

/** What `pgoctl init` alone needs: most of a bundle, which pgoctl would load each time it starts. */
const INIT = "./lib/init/main.ts";

/** Imports a module from its text, packed so as to be one more short word of the bundle. */
const unpack = (text: string) =>
  `const pgoInit = ${JSON.stringify(gzipSync(text, { level: 9 }).toString("base64"))};
const pgoUnpack = async () => {
  const packed = new Blob([Uint8Array.fromBase64(pgoInit)]).stream();
  const text = new Response(packed.pipeThrough(new DecompressionStream("gzip")));
  return await import("data:text/javascript;base64," + (await text.bytes()).toBase64());
};
`;

const DENO_REQUIRE =
  /import\s*\{createRequire as (?<name>\w+)\}\s*from "node:module";\s*var ([\w$]+)=\k<name>\(import\.meta\.url\);/;

/** The text of `entry` and all it imports, built with more `flags`; its `#!` line apart. */
async function bundled(entry: string, flags: string[]): Promise<{ first: string; body: string }> {
  const text = await run("deno", [
    "bundle",
    "--quiet",
    // Also takes out where packages lay when it was built: the same revision makes the same bundle.
    "--minify",
    "--platform=deno",
    "--external=*.node",
    ...flags,
    entry,
  ]);
  const [, first = "", body = ""] = /^(#!.*\n)?([^]*)$/.exec(text) ?? [];
  // Deno's own require, which it puts in or not by how esbuild has named things, would load all of Node.
  const ours = body.replace(DENO_REQUIRE, "var $2=require;");
  if (ours.includes("createRequire")) throw new Error("deno bundle has a new way to require");
  return { first, body: `${ours}\n` };
}

/** Bundles both programs into `folder`; returns the revision they say they are. */
export async function bundle(folder: string): Promise<string> {
  const built = await revision();
  await Deno.mkdir(folder, { recursive: true });
  const pgod = await bundled("pgod.ts", ["--keep-names"]);
  await Deno.writeTextFile(`${folder}/pgod.js`, head(built) + pgod.body);
  const pgoctl = await bundled("pgoctl.ts", [INIT, ...UNUSED].map((name) => `--external=${name}`));
  const [before, after, ...more] = pgoctl.body.split(`import(${JSON.stringify(INIT)})`);
  if (after === undefined || more.length > 0) throw new Error(`pgoctl.ts imports ${INIT} not once`);
  const init = head(built) + (await bundled(INIT, [])).body;
  const text = `${pgoctl.first}${head(built)}${unpack(init)}${before}pgoUnpack()${after}`;
  await Deno.writeTextFile(`${folder}/pgoctl.js`, text);
  await Deno.chmod(`${folder}/pgoctl.js`, 0o755);
  return built;
}

if (import.meta.main) console.log(`dist/pgod.js, dist/pgoctl.js: ${await bundle(`${root}dist`)}`);

/**
 * `build` of a compose service: only from inside the repository.
 * @module
 */
import { posix } from "node:path";
import { readContainerfile } from "./containerfile.ts";
import type { Files } from "./files.ts";
import type { Build } from "./model.ts";
import { isTable, type Node, type Table } from "./node.ts";
import { ANY, type Reader } from "./reader.ts";

const KEYS = ["context", "dockerfile", "dockerfile_inline", "target", "args"];

/** What podman-compose looks for where no dockerfile is named. */
const USUAL = [
  "Containerfile",
  "ContainerFile",
  "containerfile",
  "Dockerfile",
  "DockerFile",
  "dockerfile",
];

/** Keys of build that change nothing about the image, and why. */
const NO_EFFECT: Readonly<Record<string, string>> = {
  cache_from: "podman uses its own cache",
  cache_to: "podman uses its own cache",
};

/** Reads `build` in both forms. `secrets` are names that must not show in argv. */
export async function readBuild(
  reader: Reader,
  files: Files,
  node: Node | undefined,
  secrets: ReadonlySet<string>,
): Promise<Build | undefined> {
  if (node === undefined || node.content === null) return undefined;
  reader.hidden(node, secrets);
  const table: Table = isTable(node.content) ? node.content : new Map([["context", node]]);
  for (const [key, value] of table) {
    if (KEYS.includes(key) || (key.startsWith("x-") && !key.startsWith("x-podman"))) continue;
    if (Object.hasOwn(NO_EFFECT, key)) {
      reader.note(value, `${key} has no effect: ${NO_EFFECT[key]}`);
    } else {reader.violation(
        value,
        `build takes ${KEYS.join(", ")} here, not ${JSON.stringify(key)}`,
      );}
  }
  const contextNode = table.get("context") ?? node;
  const written = table.has("context") ? reader.text(contextNode) : ".";
  if (written === undefined) return undefined;
  const context = files.locate(contextNode, written);
  if (context === undefined) return undefined;
  const dockerfile = reader.text(table.get("dockerfile"));
  const inline = reader.text(table.get("dockerfile_inline"), ANY, "text");
  const dockerfileNode = table.get("dockerfile") ?? node;
  if (dockerfile !== undefined && inline !== undefined) {
    reader.problem(dockerfileNode, "there is a dockerfile_inline too, expected one of them");
  }
  const file = dockerfile === undefined
    ? undefined
    : files.locate({ ...dockerfileNode, base: context }, dockerfile);
  if (dockerfile !== undefined && file === undefined) return undefined;
  if (!await files.isPlain(context, contextNode)) return undefined;
  if (await files.source.kind(context) !== "directory") {
    reader.problem(contextNode, `${context} is no directory of the repository`);
    return undefined;
  }
  const args = Object.fromEntries(
    // A name alone takes the config's value, by podman-compose's environment, or stays out.
    [...reader.pairs(table.get("args"))].filter(([name, { value }]) =>
      value !== null || secrets.has(name)
    ).map(([name, { value }]) => [name, value]),
  );
  const at = file === undefined ? contextNode : dockerfileNode;
  const path = inline === undefined ? file ?? await usualFile(files, context) : undefined;
  if (inline === undefined && path === undefined) {
    reader.problem(at, `there is no Containerfile in ${context}`);
  }
  if (path?.endsWith(".in")) {
    reader.violation(at, `${path} would be run through a preprocessor, expected another name`);
  }
  // Not among the files a deployment depends on: images are built anew when the compose file says so.
  const text = inline ?? (path === undefined ? undefined : await files.open(path, at, true, false));
  const { refused, images, platforms } = readContainerfile(text ?? "", args);
  for (const { line, message } of refused) {
    reader.violation(at, `${path ?? "line"}:${line}: ${message}`);
  }
  return {
    context,
    dockerfile: file === undefined ? undefined : posix.relative(context, file),
    inline,
    target: reader.text(table.get("target"), /^\w[\w.-]*$/, "a stage's name"),
    args,
    images,
    platforms,
    at: node,
  };
}

/** What podman-compose takes where no dockerfile is named. */
async function usualFile(files: Files, context: string): Promise<string | undefined> {
  for (const name of USUAL) {
    const path = posix.join(context, name);
    if (await files.source.kind(path) === undefined) continue;
    return path;
  }
  return undefined;
}

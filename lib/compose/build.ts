/**
 * `build` of a compose service: only from inside the repository.
 * @module
 */
import { posix } from "node:path";
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
  if (await files.isPlain(context, contextNode) && await files.source.kind(context) === undefined) {
    reader.problem(contextNode, `${context} is not in the repository`);
  } else if (file !== undefined && await files.isPlain(file, dockerfileNode)) {
    const kind = await files.source.kind(file);
    if (kind !== "file") {
      const what = kind === undefined ? "not in the repository" : "no regular file";
      reader.problem(dockerfileNode, `${file} is ${what}, expected a Containerfile`);
    }
  } else if (file === undefined && inline === undefined) {
    for (const usual of USUAL) {
      await files.isPlain(posix.join(context, usual), contextNode);
    }
  }
  return {
    context,
    dockerfile: file === undefined ? undefined : posix.relative(context, file),
    inline,
    target: reader.text(table.get("target"), /^\w[\w.-]*$/, "a stage's name"),
    args: Object.fromEntries(
      // A name alone takes the config's value, by podman-compose's environment, or stays out.
      [...reader.pairs(table.get("args"))].filter(([name, { value }]) =>
        value !== null || secrets.has(name)
      ).map(([name, { value }]) => [name, value]),
    ),
    at: node,
  };
}

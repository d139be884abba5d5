/**
 * `secrets` and `configs`: files of the repository, or text that PGO writes, as read-only mounts.
 * podman-compose 1.0.3 ignores configs and fails at secrets that are no file.
 * @module
 */
import { posix } from "node:path";
import { type Files, isPlainPath } from "./files.ts";
import type { Mount, Service } from "./model.ts";
import { isTable, type Node, type Table } from "./node.ts";
import { ANY, items, type Reader } from "./reader.ts";

/** What a secret or config is: a file of the repository, a text, or a secret of Podman's. */
type Origin = { at: Node } & ({ file: string } | { text: string } | { podman: true });

/** Top-level secrets or configs by name. */
export type Origins = ReadonlyMap<string, Origin>;

/** Reads top-level `secrets` or `configs`; what cannot be read is left out, and reported. */
export async function readOrigins(
  reader: Reader,
  files: Files,
  node: Node | undefined,
  kind: "secrets" | "configs",
): Promise<Origins> {
  const origins = new Map<string, Origin>();
  for (const [name, at] of reader.table(node)) {
    if (!/^[\w][\w.-]*$/.test(name)) reader.problem(at, `${JSON.stringify(name)} is no name`);
    const table = reader.tableOf(at, [
      "file",
      "content",
      "environment",
      "external",
      "name",
      "labels",
    ]);
    const file = table.get("file");
    const content = table.get("content");
    if (file) {
      const path = files.locate(file, reader.text(file) ?? "");
      if (path === undefined || !await files.isPlain(path, file)) continue;
      const found = await files.source.kind(path);
      if (found === "file" || found === "directory") origins.set(name, { at, file: path });
      else if (found) reader.problem(file, `${path} is a special file, expected a file`);
      else reader.problem(file, `${path} is not in the repository`);
    } else if (content) {
      origins.set(name, { at, text: reader.text(content, ANY, "text") ?? "" });
    } else if (reader.flag(table.get("external")) && kind === "secrets") {
      const own = table.get("name");
      if (own && own.content !== name) {
        reader.violation(own, "podman-compose takes an external secret only under its own name");
      } else origins.set(name, { at, podman: true });
    } else if (table.has("external")) {
      reader.violation(at, "podman has no configs, expected file, content or environment");
    } else if (!table.has("environment")) {
      reader.problem(at, "says neither file nor content nor environment, expected one of them");
    }
  }
  return origins;
}

/** Reads a service's `secrets` or `configs`. */
export function readFiles(
  reader: Reader,
  node: Node | undefined,
  origins: Origins,
  kind: "secrets" | "configs",
): { mounts: Mount[]; secrets: Service["secrets"] } {
  const mounts: Mount[] = [];
  const secrets: Service["secrets"] = [];
  for (const entry of node === undefined ? [] : reader.list(node).length > 0 ? items(node) : []) {
    const long: Table = isTable(entry.content)
      ? reader.tableOf(entry, ["source", "target", "uid", "gid", "mode"])
      : new Map([["source", entry]]);
    const name = reader.text(long.get("source"));
    if (name === undefined) {
      reader.problem(entry, "says no source, expected one");
      continue;
    }
    for (const part of ["uid", "gid", "mode"]) {
      const at = long.get(part);
      const usual = part === "mode" ? /^(0o?)?44[04]$/ : /^0$/;
      if (at && !usual.test(String(at.content))) {
        reader.violation(at, `podman-compose ignores ${part} of ${kind}, so it is refused`);
      }
    }
    const origin = origins.get(name);
    const written = reader.text(long.get("target"));
    const target = posix.resolve(kind === "secrets" ? "/run/secrets" : "/", written ?? name);
    if (!origin) reader.problem(entry, `there is no ${kind.slice(0, -1)} ${JSON.stringify(name)}`);
    else if (/[:,\n]/.test(target) || target === "/" || !isPlainPath(target)) {
      reader.problem(entry, `${JSON.stringify(target)} is no path to mount at`);
    } else if ("podman" in origin) {
      if (written !== undefined && written !== name) {
        reader.violation(
          entry,
          "podman-compose ignores the target of an external secret, so it is refused",
        );
      }
      secrets.push({ name, at: entry });
    } else {
      const common = { target, readOnly: true, options: [], at: entry };
      if ("file" in origin) mounts.push({ ...common, type: "bind", source: origin.file });
      else mounts.push({ ...common, type: "content", source: "", text: origin.text });
    }
  }
  return { mounts, secrets };
}

/**
 * `volumes` and `tmpfs` of a compose service, in all their forms.
 * @module
 */
import { posix } from "node:path";
import { isPlainPath } from "./files.ts";
import type { Mount } from "./model.ts";
import { isTable, type Node, type Table } from "./node.ts";
import { ANY, type Reader } from "./reader.ts";

/** Options of a mount that podman-compose hands to podman, and what they do not change here. */
const OPTIONS = /^([zZ]|r?private|r?slave|no(exec|dev|suid))$/;
const WITHOUT_EFFECT = /^(rw|cached|delegated|consistent|r?bind)$/;
const TMPFS_OPTION = /^(ro|rw|size=\d+[kmgKMG]?|mode=[0-7]{3,5}|no(exec|dev|suid)|exec)$/;

interface Written {
  source: string;
  target: string;
  type: Mount["type"] | undefined;
  readOnly: boolean;
  options: string[];
  at: Node;
}

/** Reads one entry of `volumes`. */
export function readMount(reader: Reader, node: Node): Mount[] {
  if (isTable(node.content)) return readLong(reader, node, node.content);
  const text = reader.text(node);
  if (text === undefined) return [];
  // "/x:ro" is an anonymous volume with an option.
  const parts = /^\/[^:]*:[a-zA-Z]/.test(text) ? ["", ...text.split(":")] : text.split(":");
  const [first = "", second, given, ...rest] = parts;
  const [source, target] = second === undefined ? ["", first] : [first, second];
  if (second !== undefined && first === "" && parts.length === text.split(":").length) {
    reader.problem(node, `${JSON.stringify(text)} says no source, expected "SOURCE:TARGET[:ro]"`);
    return [];
  }
  const flags = given?.split(",").filter((flag) => !WITHOUT_EFFECT.test(flag)) ?? [];
  const unknown = flags.find((flag) => flag !== "ro" && !OPTIONS.test(flag));
  if (rest.length > 0) {
    reader.problem(node, `${JSON.stringify(text)} is no mount, expected "SOURCE:TARGET[:ro]"`);
    return [];
  }
  if (unknown !== undefined) {
    reader.violation(
      node,
      `the mount option ${JSON.stringify(unknown)} is not supported, expected "ro" or "rw"`,
    );
    return [];
  }
  const options = flags.filter((flag) => flag !== "ro");
  return check(reader, {
    source,
    target,
    readOnly: flags.includes("ro"),
    options,
    type: undefined,
    at: node,
  });
}

/** Reads one entry of `tmpfs`: `/run:size=64m`. */
export function readTmpfs(reader: Reader, node: Node): Mount[] {
  const [target = "", given = ""] =
    (reader.text(node, /^\/[^:]*(:[^:]*)?$/, "an absolute path") ?? "").split(":");
  if (target === "") return [];
  const options = given === "" ? [] : given.split(",");
  const unknown = options.find((option) => !TMPFS_OPTION.test(option));
  if (unknown !== undefined) {
    reader.violation(
      node,
      `the tmpfs option ${
        JSON.stringify(unknown)
      } is not supported, expected size, mode, ro, noexec`,
    );
    return [];
  }
  return check(reader, { source: "", target, type: "tmpfs", readOnly: false, options, at: node });
}

function readLong(reader: Reader, at: Node, long: Table): Mount[] {
  const table = reader.tableOf(at, [
    "type",
    "source",
    "target",
    "read_only",
    "consistency",
    "bind",
    "volume",
    "tmpfs",
  ]);
  const types = /^(bind|volume|tmpfs)$/;
  const type = reader.text(long.get("type"), types, '"bind", "volume" or "tmpfs"');
  const options: string[] = [];
  const bind = reader.tableOf(table.get("bind"), ["propagation", "create_host_path", "selinux"]);
  const propagation = bind.get("propagation");
  const flags = String(propagation?.content ?? "").split(",").filter((flag) => flag !== "");
  const foreign = flags.find((flag) => !OPTIONS.test(flag));
  if (propagation && foreign !== undefined) {
    reader.violation(propagation, `a mount that others see (${foreign}) is not supported`);
  }
  options.push(...flags);
  const selinux = reader.text(bind.get("selinux"), /^[zZ]$/, '"z" or "Z"');
  if (selinux) options.push(selinux);
  if (bind.has("create_host_path") && !reader.flag(bind.get("create_host_path"))) {
    reader.note(at, "create_host_path: false has no effect, podman-compose makes the directory");
  }
  for (const [name, node] of reader.tableOf(table.get("volume"), ["nocopy", "subpath", "labels"])) {
    reader.violation(node, `podman-compose ignores volume.${name}, so it is refused`);
  }
  const tmpfs = reader.tableOf(table.get("tmpfs"), ["size", "mode"]);
  const size = reader.text(tmpfs.get("size"), /^\d+([kmgKMG][bB]?|[bB])?$/, "a size such as 64m");
  const mode = reader.text(tmpfs.get("mode"), /^(0o?)?[0-7]{3,4}$/, "a mode such as 1777");
  if (size) options.push(`size=${size.replace(/b$/i, "")}`);
  if (mode) options.push(`mode=${mode.replace(/^0o/, "")}`);
  return check(reader, {
    source: reader.text(table.get("source"), ANY, "text") ?? "",
    target: reader.text(table.get("target"), ANY, "text") ?? "",
    readOnly: reader.flag(table.get("read_only")),
    options,
    type: type as Mount["type"] | undefined,
    at,
  });
}

function check(reader: Reader, mount: Written): Mount[] {
  const { target, at } = mount;
  const refuse = (message: string) => {
    reader.problem(at, message);
    return [];
  };
  if (!isPlainPath(mount.source) || !isPlainPath(target)) {
    return refuse("a mount with unusual characters or a very long path is not supported");
  }
  if (/[:,\n]/.test(mount.source + target)) {
    return refuse('a mount with ":", "," or a line break in its paths is not supported');
  }
  if (!target.startsWith("/") || posix.normalize(target) === "/") {
    return refuse(`${JSON.stringify(target)} is no path to mount at, expected an absolute one`);
  }
  const path = /^[./~]/.test(mount.source);
  const type = mount.type ?? (path ? "bind" : "volume");
  // In the long form "data" may be a folder.
  const written = type === "bind" && !path && mount.source !== ""
    ? `./${mount.source}`
    : mount.source;
  if (type === "bind" ? written === "" : path || (type === "tmpfs" && written !== "")) {
    return refuse(`${JSON.stringify(mount.source)} is no source of a ${type} mount`);
  }
  if (type === "volume" && !/^([a-zA-Z0-9][\w.-]*)?$/.test(written)) {
    return refuse(`${JSON.stringify(written)} is no volume name`);
  }
  const source = type !== "bind" || /^[/~]/.test(written)
    ? written
    : posix.normalize(posix.join(at.base, written));
  return [{
    type,
    source: source.replace(/(?<=.)\/$/, ""),
    target: target.replace(/(?<=.)\/$/, ""),
    readOnly: mount.readOnly,
    options: mount.options,
    ...(type === "bind" ? { through: ledThrough(posix.join(at.base, "."), written) } : {}),
    at,
  }];
}

/** Behind a link `..` is another directory than it looks: the paths that have to be none. */
function ledThrough(base: string, path: string): string[] {
  const found: string[] = [];
  const steps: string[] = base === "." ? [] : base.split("/");
  for (const step of path.split("/")) {
    if (step === "..") {
      if (steps.length > 0) found.push(steps.join("/"));
      steps.pop();
    } else if (step !== "." && step !== "") steps.push(step);
  }
  return found;
}

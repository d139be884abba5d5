/**
 * `volumes` of a compose service, in all their forms.
 * @module
 */
import { posix } from "node:path";
import type { Value } from "./document.ts";
import type { Mount } from "./model.ts";
import type { Reader } from "./reader.ts";

/** Reads one entry of `volumes`; relative sources are relative to `directory`, that of the compose file. */
export function readMount(reader: Reader, value: Value, key: string, directory: string): Mount[] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return readLong(reader, value, key, directory);
  }
  const text = reader.text(value, key);
  if (text === undefined) return [];
  const [first = "", second, options, ...rest] = text.split(":");
  const [source, target] = second === undefined ? ["", first] : [first, second];
  const flags = options?.split(",") ?? [];
  const unknown = flags.find((flag) => !["ro", "rw", "z", "Z"].includes(flag));
  if (unknown !== undefined || rest.length > 0) {
    reader.problem(
      key,
      `${JSON.stringify(text)} has an option PGO does not know, expected "ro" or "rw"`,
    );
    return [];
  }
  return check(
    reader,
    { source, target, readOnly: flags.includes("ro"), type: undefined, key },
    directory,
  );
}

function readLong(
  reader: Reader,
  table: Record<string, Value>,
  key: string,
  directory: string,
): Mount[] {
  for (const name of Object.keys(table)) {
    if (["type", "source", "target", "read_only"].includes(name)) continue;
    reader.problem(`${key}.${name}`, "a key of volumes that PGO does not support yet");
  }
  const type = reader.text(
    table["type"],
    `${key}.type`,
    /^(bind|volume|tmpfs)$/,
    '"bind", "volume" or "tmpfs"',
  );
  const source = reader.text(table["source"], `${key}.source`) ?? "";
  const target = reader.text(table["target"], `${key}.target`) ?? "";
  if (/[:,]/.test(source + target)) {
    reader.problem(key, 'a mount with ":" or "," in it is not supported');
    return [];
  }
  const readOnly = reader.flag(table["read_only"], `${key}.read_only`);
  return check(
    reader,
    { source, target, readOnly, type: type as Mount["type"] | undefined, key },
    directory,
  );
}

function check(
  reader: Reader,
  mount: {
    source: string;
    target: string;
    readOnly: boolean;
    type: Mount["type"] | undefined;
    key: string;
  },
  directory: string,
): Mount[] {
  const { target, readOnly, key } = mount;
  if (!target.startsWith("/") || posix.normalize(target) === "/") {
    reader.problem(
      key,
      `${JSON.stringify(target)} is no path to mount at, expected an absolute one`,
    );
    return [];
  }
  const path = /^[./~]/.test(mount.source);
  const type = mount.type ?? (path ? "bind" : "volume");
  if ((type === "bind") !== path || (type === "tmpfs" && mount.source !== "")) {
    reader.problem(key, `${JSON.stringify(mount.source)} is no source of a ${type} mount`);
    return [];
  }
  if (type === "volume" && !/^([a-zA-Z0-9][\w.-]*)?$/.test(mount.source)) {
    reader.problem(key, `${JSON.stringify(mount.source)} is no volume name`);
    return [];
  }
  const source = type !== "bind" || /^[/~]/.test(mount.source)
    ? mount.source
    : posix.normalize(posix.join(directory, mount.source));
  return [{ type, source: source.replace(/(?<=.)\/$/, ""), target, readOnly, key }];
}

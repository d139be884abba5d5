/**
 * Keys of a compose service that only an admin can allow, value by value.
 * @module
 */
import type { Privilege } from "./model.ts";
import type { Table } from "./node.ts";
import type { Reader } from "./reader.ts";
import { PRIVILEGES } from "./shape.ts";

/** `security_opt` that takes rights away instead of giving them. */
const TIGHTENING = /^no-new-privileges(:true|=true)?$/;

/** Whether a privilege takes rights away: nobody has to allow that. */
export function isTightening({ name, value }: Pick<Privilege, "name" | "value">): boolean {
  return name === "security_opt" && TIGHTENING.test(value);
}

/** Reads `privileged`, `cap_add`, `devices`, `security_opt` and `sysctls`. */
export function readPrivileges(reader: Reader, table: Table): Privilege[] {
  return PRIVILEGES.flatMap((name): Privilege[] => {
    const node = table.get(name);
    if (node === undefined || node.content === null) return [];
    if (name === "privileged") return reader.flag(node) ? [{ name, value: "", at: node }] : [];
    if (name === "sysctls") {
      return [...reader.pairs(node, /^[\w.-]+$/)].map(([sysctl, { value, node: at }]) => ({
        name,
        value: `${sysctl}=${value ?? ""}`,
        at,
      }));
    }
    return reader.list(node).flatMap((item) => {
      if (item.content instanceof Map) {
        reader.violation(item, `${name} takes text here, such as "/dev/ttyUSB0:/dev/ttyUSB0"`);
        return [];
      }
      const value = reader.text(item);
      return value === undefined ? [] : [{ name, value, at: item }];
    });
  });
}

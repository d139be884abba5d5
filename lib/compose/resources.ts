/**
 * Top-level `networks` and `volumes`.
 * @module
 */
import type { NamedResource } from "./model.ts";
import type { Reader } from "./reader.ts";

/** Reads the networks or the volumes of a compose file. */
export function readResources(
  reader: Reader,
  kind: "networks" | "volumes",
  top: ReturnType<Reader["table"]>,
): NamedResource[] {
  return Object.entries(reader.table(top[kind], kind)).map(([name, value]) => {
    const key = `${kind}.${name}`;
    const table = reader.table(value, key);
    const known = ["name", "external", "labels", ...(kind === "networks" ? ["internal"] : [])];
    for (const part of Object.keys(table)) {
      const usual = part === "driver" &&
        ["bridge", "local", "default"].includes(String(table[part]));
      if (!known.includes(part) && !usual && !part.startsWith("x-")) {
        reader.problem(`${key}.${part}`, "is not supported yet");
      }
    }
    const podmanName = reader.text(table["name"], `${key}.name`, /^[a-zA-Z0-9][\w.-]*$/, "a name");
    const external = reader.flag(table["external"], `${key}.external`);
    if (!/^[a-zA-Z0-9][\w.-]*$/.test(name)) reader.problem(key, "no name podman takes");
    return {
      name,
      key,
      external,
      podmanName: podmanName ?? (external ? name : undefined),
      internal: reader.flag(table["internal"], `${key}.internal`),
    };
  });
}

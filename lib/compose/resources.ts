/**
 * Top-level `networks` and `volumes`.
 * @module
 */
import type { Mount, NamedResource } from "./model.ts";
import { isTable, type Node, type Table } from "./node.ts";
import { readMount, readTmpfs } from "./mounts.ts";
import type { Reader } from "./reader.ts";

/** What podman takes as the name of a network, volume or container. */
export const NAME = /^[a-zA-Z0-9][\w.-]*$/;

/** Reads the networks of a compose file. */
export function readNetworks(reader: Reader, node: Node | undefined): NamedResource[] {
  return [...reader.table(node)].map(([name, at]) => {
    const table = reader.tableOf(at, [
      "attachable",
      "driver",
      "enable_ipv4",
      "enable_ipv6",
      "external",
      "internal",
      "labels",
      "name",
    ]);
    const driver = table.get("driver");
    if (driver && !["bridge", "default"].includes(String(driver.content))) {
      reader.violation(
        driver,
        `the network driver ${String(driver.content)} is not supported, expected bridge`,
      );
    }
    const ipv6 = table.get("enable_ipv6");
    if (ipv6 && reader.flag(ipv6)) {
      reader.violation(ipv6, "podman-compose 1.0.3 ignores enable_ipv6, so it is refused");
    }
    if (table.has("attachable")) reader.note(at, "attachable has no effect without Docker Swarm");
    return readNamed(reader, name, at, table, reader.flag(table.get("internal")));
  });
}

/** Reads the volumes of a compose file; `instead` is what a volume with `driver_opts` really mounts. */
export function readVolumes(
  reader: Reader,
  node: Node | undefined,
): { volumes: NamedResource[]; instead: Map<string, Mount> } {
  const instead = new Map<string, Mount>();
  const volumes = [...reader.table(node)].map(([name, at]) => {
    const table = reader.tableOf(at, ["driver", "driver_opts", "external", "labels", "name"]);
    const driver = table.get("driver");
    if (driver && !["local", "default"].includes(String(driver.content))) {
      reader.violation(
        driver,
        `the volume driver ${String(driver.content)} is not supported, expected local`,
      );
    }
    const options = table.get("driver_opts");
    if (options && isTable(options.content) && options.content.size > 0) {
      const mount = readDriverOptions(reader, options);
      if (mount) instead.set(name, mount);
    }
    return readNamed(reader, name, at, table, false);
  });
  return { volumes, instead };
}

/** podman-compose ignores `driver_opts`: a bind or a tmpfs in disguise becomes one, the rest is refused. */
function readDriverOptions(reader: Reader, node: Node) {
  const table = reader.tableOf(node, ["type", "o", "device"]);
  const device = table.get("device");
  const flags = (reader.text(table.get("o")) ?? "").split(",").filter((flag) => flag !== "");
  const type = reader.text(table.get("type")) ?? "none";
  if (device && flags.some((flag) => /^r?bind$/.test(flag)) && ["none", "bind"].includes(type)) {
    const text = String(device.content);
    const source = /^[./~]/.test(text) ? text : `./${text}`;
    const options = flags.filter((flag) => !/^r?bind$/.test(flag)).join(",");
    return readMount(reader, {
      ...device,
      content: `${source}:/x${options ? `:${options}` : ""}`,
    })[0];
  }
  if (type === "tmpfs") {
    return readTmpfs(reader, {
      ...node,
      content: flags.length > 0 ? `/x:${flags.join(",")}` : "/x",
    })[0];
  }
  const shown = device ? ` of ${String(device.content)}` : "";
  reader.violation(
    node,
    `a mount of type ${type}${shown} is not supported, expected a bind of a path in the repository`,
  );
  return undefined;
}

function readNamed(
  reader: Reader,
  name: string,
  at: Node,
  table: Table,
  internal: boolean,
): NamedResource {
  const outside = table.get("external");
  const older = isTable(outside?.content)
    ? reader.tableOf(outside, ["name"]).get("name")
    : undefined;
  const named = table.get("name") ?? older;
  const podmanName = reader.text(named, NAME, "a name podman takes");
  const external = older !== undefined || reader.flag(outside);
  if (!NAME.test(name)) reader.problem(at, `${JSON.stringify(name)} is no name podman takes`);
  return {
    name,
    at: named ?? at,
    external,
    podmanName: podmanName ?? (external ? name : undefined),
    internal,
    labels: Object.fromEntries(
      [...reader.pairs(table.get("labels"))].map(([name, { value, node }]) => [
        name,
        { value: value ?? "", at: node },
      ]),
    ),
  };
}

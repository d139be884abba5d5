/**
 * How services of one compose file reach each other: `networks`, `depends_on`, `links`, `extra_hosts`.
 * @module
 */
import type { Dependency, Service } from "./model.ts";
import { isTable, type Node } from "./node.ts";
import type { Where } from "./problem.ts";
import { ANY, type Reader } from "./reader.ts";
import { NAME } from "./resources.ts";

/** Reads a service's `networks`; none means the one called `default`. */
export function readJoined(
  reader: Reader,
  node: Node | undefined,
  service: string,
  owner: Where,
): Service["networks"] {
  const usual = [{ name: "default", at: node ?? owner }];
  if (node === undefined || node.content === null) return usual;
  if (!isTable(node.content)) {
    const names = new Map<string, Node>();
    for (const item of typeof node.content === "string" ? [node] : reader.list(node)) {
      const name = reader.text(item, NAME, "a network's key");
      if (name !== undefined) names.set(name, item);
    }
    return names.size > 0 ? [...names].map(([name, at]) => ({ name, at })) : usual;
  }
  if (node.content.size === 0) return usual;
  return [...node.content].map(([name, options]) => {
    for (const [option, at] of reader.table(options)) {
      const own = option === "aliases" && reader.texts(at).every((alias) => alias === service);
      if (own || option.startsWith("x-") && !option.startsWith("x-podman")) continue;
      reader.violation(
        at,
        `podman-compose 1.0.3 fails at ${option} of a network: others find it as ${service}`,
      );
    }
    return { name, at: options };
  });
}

const CONDITIONS = /^service_(started|healthy|completed_successfully)$/;

/** Reads `depends_on` and `links`. */
export function readDependencies(
  reader: Reader,
  node: Node | undefined,
  links: Node | undefined,
): Dependency[] {
  const found = new Map<string, Dependency>();
  const plain = (service: string, at: Node): Dependency => ({
    service,
    condition: "service_started",
    required: true,
    at,
  });
  if (isTable(node?.content)) {
    for (const [service, at] of node.content) {
      const table = reader.tableOf(at, ["condition", "required", "restart"]);
      const expected = "service_started, service_healthy or service_completed_successfully";
      const condition = reader.text(table.get("condition"), CONDITIONS, expected) ??
        "service_started";
      const required = !table.has("required") || reader.flag(table.get("required"));
      found.set(service, {
        service,
        condition: condition as Dependency["condition"],
        required,
        at,
      });
    }
  } else {
    for (const item of typeof node?.content === "string" ? [node] : reader.list(node)) {
      const service = reader.text(item, ANY, "a service");
      if (service !== undefined) found.set(service, plain(service, item));
    }
  }
  for (const link of reader.list(links)) {
    const [service = "", alias = service] = (reader.text(link) ?? "").split(":");
    if (alias !== service) {
      reader.violation(
        link,
        `podman-compose ignores the alias ${alias}, so it is refused: it is found as ${service}`,
      );
    } else if (!found.has(service)) found.set(service, plain(service, link));
  }
  return [...found.values()];
}

/** Reads `extra_hosts` in both forms, as `name:address`. */
export function readHosts(reader: Reader, node: Node | undefined): string[] {
  const hosts: string[] = [];
  const add = (name: string, address: string, at: Node) => {
    const plain = address.replace(/^\[(.*)\]$/, "$1");
    if (
      /^[\w.-]+$/.test(name) && !name.startsWith("-") &&
      /^([\da-fA-F:.]+|host-gateway)$/.test(plain)
    ) {
      hosts.push(`${name}:${plain}`);
    } else {reader.problem(
        at,
        `${JSON.stringify(`${name}:${address}`)} is not expected here, but "name:address"`,
      );}
  };
  if (isTable(node?.content)) {
    for (const [name, at] of node.content) {
      for (const address of reader.texts(at, ANY, "an address")) add(name, address, at);
    }
  } else {
    for (const at of reader.list(node)) {
      const [, name = "", address = ""] =
        /^([^=:]*)[=:](.*)$/.exec(reader.text(at, ANY, '"name:address"') ?? "") ?? [];
      add(name, address, at);
    }
  }
  return hosts;
}

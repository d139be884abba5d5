/**
 * `ports` of a compose service, in all their forms.
 * @module
 */
import { isIP } from "node:net";
import type { Port } from "./model.ts";
import { isTable, type Node } from "./node.ts";
import type { Reader } from "./reader.ts";

const SHORT =
  /^(?:(?:(\[[0-9a-fA-F:.]+\]|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:]*):)?(?:(\d{1,5})(?:-(\d{1,5}))?)?:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/;
const EXPECTED = '"[IP:]HOST:CONTAINER[/tcp|udp]" such as "8080:80"';

/** Reads one entry of `ports`. */
export function readPort(reader: Reader, node: Node): Port[] {
  if (isTable(node.content)) return readLong(reader, node);
  const text = reader.text(node, SHORT, EXPECTED);
  const [, ip, from, to = from, target = "", targetTo = target, protocol = "tcp"] =
    SHORT.exec(text ?? "") ?? [];
  if (text === undefined) return [];
  const hostIp = ip?.replace(/[[\]]/g, "") ?? "";
  return check(reader, { hostIp, from, to, target, targetTo, protocol, at: node, text });
}

function readLong(reader: Reader, node: Node): Port[] {
  const table = reader.tableOf(node, [
    "target",
    "published",
    "host_ip",
    "protocol",
    "mode",
    "name",
    "app_protocol",
  ]);
  const target = reader.text(table.get("target"), /^\d{1,5}$/, "a container port");
  const published = reader.text(table.get("published"), /^\d{1,5}(-\d{1,5})?$|^$/, "a host port");
  const hostIp = reader.text(table.get("host_ip"), /^[0-9a-fA-F:.]+$/, "an IP address");
  const protocol = reader.text(table.get("protocol"), /^(tcp|udp)$/, '"tcp" or "udp"') ?? "tcp";
  reader.text(table.get("mode"), /^(host|ingress)$/, '"host" or "ingress"');
  if (!target) {
    reader.problem(node, "ports without a target, expected the container's port");
    return [];
  }
  const [from, to = from] = published ? published.split("-") : [];
  if (to !== from) {
    const at = table.get("published") ?? node;
    reader.problem(at, "a range for one target is not supported, expected one port");
    return [];
  }
  const text = `${published ?? ""}:${target}`;
  return check(reader, {
    hostIp: hostIp ?? "",
    from,
    to,
    target,
    targetTo: target,
    protocol,
    at: node,
    text,
  });
}

function check(
  reader: Reader,
  port: {
    hostIp: string;
    from: string | undefined;
    to: string | undefined;
    target: string;
    targetTo: string;
    protocol: string;
    at: Node;
    text: string;
  },
): Port[] {
  const { at, text, hostIp, target, targetTo } = port;
  const from = port.from === undefined ? undefined : Number(port.from);
  const to = port.to === undefined ? undefined : Number(port.to);
  const all = [from ?? 1, to ?? 1, Number(target), Number(targetTo)];
  if (hostIp !== "" && isIP(hostIp) === 0) {
    reader.problem(at, `${JSON.stringify(hostIp)} is no IP address`);
    return [];
  }
  const width = Number(targetTo) - Number(target);
  if (
    all.some((number) => number < 1 || number > 65535) || width < 0 ||
    (from !== undefined && (to ?? 0) - from !== width)
  ) {
    reader.problem(
      at,
      `${
        JSON.stringify(text)
      } is no port mapping, expected as many host as container ports, in 1 to 65535`,
    );
    return [];
  }
  const shown = width === 0 ? target : `${target}-${targetTo}`;
  return [{
    hostIp,
    from,
    to,
    target: shown,
    protocol: port.protocol as Port["protocol"],
    text,
    at,
  }];
}

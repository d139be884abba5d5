/**
 * `ports` of a compose service, in all their forms.
 * @module
 */
import type { Value } from "./document.ts";
import type { Port } from "./model.ts";
import type { Reader } from "./reader.ts";

const SHORT =
  /^(?:(?:(\[[0-9a-fA-F:.]+\]|\d{1,3}(?:\.\d{1,3}){3}):)?(?:(\d{1,5})(?:-(\d{1,5}))?)?:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/;
const EXPECTED = '"[IP:]HOST:CONTAINER[/tcp|udp]" such as "8080:80"';

/** Reads one entry of `ports`. */
export function readPort(reader: Reader, value: Value, key: string): Port[] {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return readLong(reader, value, key);
  }
  const text = reader.text(value, key, SHORT, EXPECTED);
  const [, ip, from, to = from, target = "", targetTo = target, protocol = "tcp"] =
    SHORT.exec(text ?? "") ?? [];
  if (text === undefined) return [];
  return check(reader, {
    hostIp: ip?.replace(/[[\]]/g, "") ?? "",
    from,
    to,
    target,
    targetTo,
    protocol,
    key,
    text,
  });
}

function readLong(reader: Reader, table: Record<string, Value>, key: string): Port[] {
  const number = /^\d{1,5}(-\d{1,5})?$/;
  const unknown = Object.keys(table).filter((name) =>
    !["target", "published", "host_ip", "protocol", "mode", "name", "app_protocol"].includes(name)
  );
  for (const name of unknown) {
    reader.problem(`${key}.${name}`, "a key of ports that PGO does not know");
  }
  const target = reader.text(table["target"], `${key}.target`, /^\d{1,5}$/, "a container port");
  const published = reader.text(table["published"], `${key}.published`, number, "a host port");
  const hostIp = reader.text(
    table["host_ip"],
    `${key}.host_ip`,
    /^[0-9a-fA-F:.]+$/,
    "an IP address",
  );
  const protocol =
    reader.text(table["protocol"], `${key}.protocol`, /^(tcp|udp)$/, '"tcp" or "udp"') ?? "tcp";
  if (!target) {
    reader.problem(key, "ports without a target, expected the container's port");
    return [];
  }
  const [from, to = from] = published?.split("-") ?? [];
  if (to !== from) {
    reader.problem(
      `${key}.published`,
      "a range for one target is not supported, expected one port",
    );
    return [];
  }
  return check(reader, {
    hostIp: hostIp ?? "",
    from,
    to,
    target,
    targetTo: target,
    protocol,
    key,
    text: `${published ?? ""}:${target}`,
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
    key: string;
    text: string;
  },
): Port[] {
  const { key, text, hostIp, target, targetTo } = port;
  const from = port.from === undefined ? undefined : Number(port.from);
  const to = port.to === undefined ? undefined : Number(port.to);
  const all = [from ?? 1, to ?? 1, Number(target), Number(targetTo)];
  const width = Number(targetTo) - Number(target);
  if (
    all.some((number) => number < 1 || number > 65535) || width < 0 ||
    (from !== undefined && (to ?? 0) - from !== width)
  ) {
    reader.problem(
      key,
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
    key,
    text,
  }];
}

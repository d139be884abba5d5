/**
 * `deploy` and `scale` of a compose service: what means something on one host, in the keys
 * podman-compose knows for it; what only Docker Swarm does is noted.
 * @module
 */
import { isTable, type Node, type Table } from "./node.ts";
import type { Reader } from "./reader.ts";

const SWARM = ["endpoint_mode", "labels", "placement", "rollback_config", "update_config"];

/** The service with what `deploy` says in keys of its own; `asleep` where it wants no container at all. */
export function applyDeploy(reader: Reader, service: Table): { table: Table; asleep: boolean } {
  const table = new Map(service);
  const deploy = service.get("deploy");
  table.delete("deploy");
  let asleep = wantsNone(reader, service.get("scale"));
  table.delete("scale");
  const put = (key: string, node: Node | undefined, content = node?.content) => {
    if (node === undefined || content === undefined) return;
    const own = service.get(key);
    if (own && own.content !== content) {
      reader.problem(node, `${key} says ${String(own.content)}, expected one of them`);
    }
    table.set(key, { ...node, content });
  };
  const known = ["mode", "replicas", "resources", "restart_policy", ...SWARM];
  for (const [name, node] of reader.tableOf(deploy, known)) {
    if (SWARM.includes(name)) {
      reader.note(node, `deploy.${name} has no effect without Docker Swarm`);
    }
  }
  const top: Table = isTable(deploy?.content) ? deploy.content : new Map();
  const mode = top.get("mode");
  if (mode && !["replicated", "global"].includes(String(mode.content))) {
    reader.violation(mode, `deploy.mode ${String(mode.content)} is not supported`);
  }
  asleep = wantsNone(reader, top.get("replicas")) || asleep;
  const resources = reader.tableOf(top.get("resources"), ["limits", "reservations"]);
  const limits = reader.tableOf(resources.get("limits"), ["cpus", "memory", "pids"]);
  put("cpus", limits.get("cpus"));
  put("mem_limit", limits.get("memory"));
  // Like pids_limit, which is refused by that name.
  put("pids_limit", limits.get("pids"));
  const reservations = reader.tableOf(resources.get("reservations"), ["cpus", "memory", "devices"]);
  put("mem_reservation", reservations.get("memory"));
  put("gpus", reservations.get("devices"));
  const cpus = reservations.get("cpus");
  if (cpus) reader.note(cpus, "reservations.cpus has no effect without Docker Swarm");
  put("restart", top.get("restart_policy"), restart(reader, top.get("restart_policy")));
  return { table, asleep };
}

function restart(reader: Reader, node: Node | undefined): string | undefined {
  if (node === undefined || node.content === null) return undefined;
  const policy = reader.tableOf(node, ["condition", "delay", "max_attempts", "window"]);
  for (const name of ["delay", "window"]) {
    const at = policy.get(name);
    if (at) reader.note(at, `restart_policy.${name} has no effect with podman`);
  }
  const condition = reader.text(
    policy.get("condition"),
    /^(none|on-failure|any)$/,
    '"none", "on-failure" or "any"',
  );
  const attempts = reader.text(policy.get("max_attempts"), /^\d{1,6}$/, "a number");
  if (condition === "none") return "no";
  if (condition === "on-failure") return attempts ? `on-failure:${attempts}` : "on-failure";
  return "always";
}

function wantsNone(reader: Reader, node: Node | undefined): boolean {
  const count = reader.text(node, /^\d{1,4}$/, "a number");
  if (node && count !== undefined && Number(count) > 1) {
    reader.violation(node, `${count} containers of one service are not supported, expected 1`);
  }
  return count !== undefined && Number(count) === 0;
}

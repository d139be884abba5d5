/**
 * What may be asked of the host itself: an exec line without a service, `//status`.
 * @module
 */
import { within } from "../host/clock.ts";
import { containers } from "../host/podman.ts";
import type { Fleet } from "../service/fleet.ts";
import { type Service, short } from "../service/service.ts";
import { describeFreeze, frozen } from "../service/hold.ts";
import type { Role } from "../ssh/access.ts";
import type { ExecRequest } from "../ssh/session.ts";
import { StatusError } from "../ssh/status.ts";
import { textTable } from "../text_table.ts";
import type { Asker, Authority } from "./authority.ts";
import { print, readWords } from "./command.ts";

/** Who asks, and what there is to tell. */
export interface HostCall {
  fleet: Pick<Fleet, "services">;
  authority: Authority;
  asker: Asker;
  request: Pick<ExecRequest, "stdout">;
}

/** How many services' containers are looked at at once, and for how many milliseconds each. */
const AT_ONCE = 4;
const PATIENCE = 5_000;

const STATUS = {
  name: "status",
  args: "",
  arity: [0, 0] as [number, number],
  options: [{ name: "json", summary: "for machines" }],
};

/** Runs `//WORD`; returns the exit code. @throws {StatusError} */
export async function runOnHost(word: string, args: string[], call: HostCall): Promise<number> {
  if (word !== STATUS.name) {
    throw new StatusError(
      406,
      `Command ${
        JSON.stringify(word)
      } does not match any route, expected //status, or SERVICE//COMMAND`,
    );
  }
  const { options } = readWords(STATUS, args);
  const { fleet, authority, asker, request } = call;
  const seen = fleet.services().flatMap((service) => {
    const grant = authority.grant(service, asker);
    return grant ? [{ service, role: grant.role }] : [];
  });
  const facts: Facts[] = [];
  for (let at = 0; at < seen.length; at += AT_ONCE) {
    const some = seen.slice(at, at + AT_ONCE).map(({ service, role }) => lookAt(service, role));
    facts.push(...await Promise.all(some));
  }
  const text = options.has("json") ? JSON.stringify(facts, null, 2) + "\n" : table(facts);
  await print(request, text);
  return 0;
}

type Facts = Awaited<ReturnType<typeof collect>>;

/** {@link collect}; what cannot be told of one service keeps nobody from the others. */
async function lookAt(service: Service, role: Role): Promise<Facts> {
  try {
    return await collect(service, role);
  } catch (error) {
    const { config, tip, lock } = service;
    return {
      service: config.name,
      user: config.user,
      role,
      containers: null,
      tip: tip ?? null,
      deployed: null,
      deployment: null,
      stopped: null,
      frozen: null,
      trouble: `its status cannot be told: ${(error as Error).message}`,
      proxy: null,
      busy: lock.holder || null,
      last: null,
    };
  }
}

/** What PGO remembers of a service, and how many of its containers run; null where Podman does not say in time. */
async function collect(service: Service, role: Role) {
  const { host: { ledger, proxyTrouble, run }, user, config, tip, trouble, lock } = service;
  const { live, stopped } = ledger.service(config.name);
  const last = ledger.last(config.name);
  const asked = containers(run, user, config.name).catch(() => undefined);
  const found = await within(PATIENCE, asked);
  return {
    service: config.name,
    user: config.user,
    role,
    containers: found
      ? { running: found.filter(({ state }) => state === "running").length, all: found.length }
      : null,
    tip: tip ?? null,
    deployed: ledger.deployment(config.name, live)?.revision ?? null,
    deployment: live,
    stopped,
    frozen: frozen(service) ?? null,
    trouble: trouble || null,
    proxy: config.urls.length > 0 && proxyTrouble?.() || null,
    busy: lock.holder || null,
    last: last ? { number: last.number, outcome: last.outcome, started: last.started } : null,
  };
}

function table(facts: readonly Facts[]): string {
  const rows = facts.map((one) => {
    const state = [
      one.stopped && `stopped ${one.stopped}`,
      one.frozen && describeFreeze(one.frozen),
      one.busy && `busy: ${one.busy}`,
      one.trouble,
      one.proxy,
    ].filter((text) => text);
    const deployed = one.deployed ? `${short(one.deployed)} (${one.deployment})` : "-";
    return [
      one.service,
      one.user,
      one.role,
      one.containers ? `${one.containers.running}/${one.containers.all}` : "?",
      deployed,
      state.join("; ") || (one.last?.outcome ?? "nothing deployed"),
    ];
  });
  return textTable([["SERVICE", "USER", "ROLE", "RUNNING", "DEPLOYED", "STATE"], ...rows]);
}

/**
 * What may be asked of the host itself: an exec line without a service, `//status`.
 * @module
 */
import type { Fleet } from "../service/fleet.ts";
import { type Service, short } from "../service/service.ts";
import { describeFreeze, frozen } from "../service/hold.ts";
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
  const facts = fleet.services().flatMap((service) => {
    const grant = authority.grant(service, asker);
    return grant ? [{ ...collect(service), role: grant.role }] : [];
  });
  const text = options.has("json") ? JSON.stringify(facts, null, 2) + "\n" : table(facts);
  await print(request, text);
  return 0;
}

/** What PGO remembers of a service; Podman is not asked, so that hundreds of services are listed at once. */
function collect(service: Service) {
  const { host: { ledger, proxyTrouble }, config, tip, trouble, lock } = service;
  const { live, stopped } = ledger.service(config.name);
  const last = ledger.last(config.name);
  return {
    service: config.name,
    user: config.user,
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

function table(facts: (ReturnType<typeof collect> & { role: string })[]): string {
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
      deployed,
      state.join("; ") || (one.last?.outcome ?? "nothing deployed"),
    ];
  });
  return textTable([["SERVICE", "USER", "ROLE", "DEPLOYED", "STATE"], ...rows]);
}

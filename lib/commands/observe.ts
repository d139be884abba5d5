/**
 * Commands that look and change nothing: Podman itself is asked, by label.
 * @module
 */
import { hostname } from "node:os";
import { containers, projectLabel } from "../host/podman.ts";
import { readFrozen } from "../service/frozen.ts";
import { drift } from "../service/heal.ts";
import { describeFreeze, frozen, halted } from "../service/hold.ts";
import { short } from "../service/service.ts";
import { visibleLines } from "../visible.ts";
import { type Call, type Command, print } from "./command.ts";

/** Shows that the key works. */
export const ping: Command = {
  name: "ping",
  role: "read",
  summary: "answer, to show that the key works",
  args: "",
  arity: [0, 0],
  options: [],
  run: async (call) => {
    await print(call, `pong! - ${hostname()}\n`);
    return 0;
  },
};

/** Podman's own table. */
export const ps: Command = {
  name: "ps",
  role: "read",
  summary: "list the service's containers",
  args: "",
  arity: [0, 0],
  options: [{ name: "json", summary: "for machines, as podman tells it" }],
  async run({ service, stdout, stderr, signal, options }) {
    const format = options.has("json") ? ["--format", "json"] : [];
    const filter = ["--filter", projectLabel(service.config.name)];
    const argv = ["podman", "ps", "-a", ...filter, ...format] as const;
    return (await service.host.run({ argv, user: service.user, stdout, stderr, signal })).code;
  },
};

/** Everything PGO knows of the service. */
export const status: Command = {
  name: "status",
  role: "read",
  summary: "show what is deployed, what is wanted and what runs",
  args: "",
  arity: [0, 0],
  options: [{ name: "json", summary: "for machines" }],
  async run(call) {
    const facts = await collect(call);
    if (call.options.has("json")) await print(call, JSON.stringify(facts, null, 2) + "\n");
    else await print(call, describe(facts));
    return 0;
  },
};

async function collect({ service }: Call) {
  const { host: { ledger, run, proxyTrouble }, config, user, tip, prepared, trouble, lock } =
    service;
  const { live, checkout, stopped } = ledger.service(config.name);
  const found = await containers(run, user, config.name);
  const plan = live === null
    ? undefined
    : (await readFrozen(service, live).catch(() => undefined))?.plan;
  const hold = frozen(service);
  const held = halted(service);
  const deployed = ledger.deployment(config.name, live);
  const last = ledger.last(config.name);
  return {
    service: config.name,
    user: config.user,
    repository: config.repository.url,
    branch: config.branch,
    tip: tip ?? null,
    deployed: deployed?.revision ?? null,
    deployment: live,
    checkout,
    stopped,
    halted: held,
    frozen: hold ?? null,
    drift: live === null || stopped || !plan
      ? []
      : drift(plan.wanted.filter(({ name }) => !held.includes(name)), live, found).map((
        { name, state },
      ) => `${name} is ${state}`),
    trouble: trouble || null,
    proxy: config.urls.length > 0 && proxyTrouble?.() || null,
    busy: lock.holder || null,
    last: last
      ? {
        number: last.number,
        revision: last.revision,
        cause: last.cause,
        actor: last.actor,
        started: last.started,
        ended: last.ended,
        outcome: last.number === prepared?.record.number ? "prepared" : last.outcome,
        detail: last.detail,
      }
      : null,
    containers: found.map((
      { name, composeService, state, status, exitCode, revision, deployment },
    ) => ({ name, service: composeService, state, status, exitCode, revision, deployment })),
  };
}

function describe(facts: Awaited<ReturnType<typeof collect>>): string {
  const { last } = facts;
  const rows: [string, string | null][] = [
    ["service", `${facts.service} as ${facts.user}`],
    ["repository", `${facts.repository} ${facts.branch}`],
    ["tip", facts.tip && short(facts.tip)],
    ["deployed", facts.deployed && `${short(facts.deployed)} as deployment ${facts.deployment}`],
    ["checkout", facts.checkout && short(facts.checkout)],
    ["stopped", facts.stopped ?? (facts.halted.join(", ") || null)],
    ["frozen", facts.frozen && describeFreeze(facts.frozen)],
    ["drift", facts.drift.join(", ") || null],
    ["busy", facts.busy],
    ["trouble", facts.trouble],
    ...(facts.proxy ? [["proxy", facts.proxy] as [string, string]] : []),
    [
      "last",
      last &&
      `deployment ${last.number}, ${last.cause} by ${last.actor}, ${last.started}: ${last.outcome}${
        last.detail ? `: ${last.detail}` : ""
      }`,
    ],
    ...facts.containers.map((
      c,
    ): [string, string] => ["container", `${c.name} ${c.status || c.state}`]),
  ];
  return rows.map(([name, text]) => `${name.padEnd(11)} ${visibleLines(text ?? "-")}\n`).join("");
}

/**
 * `ports`: a service's own page of the port book.
 * @module
 */
import { isLocal } from "../config/urls.ts";
import { portBook } from "../ports/book.ts";
import { serviceTable } from "../ports/show.ts";
import { namedListeners, publishedBy } from "../ports/survey.ts";
import { readFrozen } from "../service/frozen.ts";
import { type Command, print } from "./command.ts";

/** What it may publish, what it publishes, and who listens there. */
export const ports: Command = {
  name: "ports",
  role: "read",
  summary: "show which host ports it owns and publishes, and who listens there",
  args: "",
  arity: [0, 0],
  options: [{ name: "json", summary: "for machines" }],
  async run(call) {
    const { service, options } = call;
    const { host: { ledger, run }, config, user } = service;
    const { live } = ledger.service(config.name);
    const frozen = live === null ? undefined : await readFrozen(service, live).catch(() => {});
    const planned = frozen?.plan.wanted.flatMap(({ published }) => published) ?? [];
    const { published, unknown } = await publishedBy(run, [user]);
    const single = [...planned, ...published, ...config.urls.filter(isLocal)];
    const { services: [page] } = portBook({
      services: [{ config: { ...config, user: user.name }, planned }],
      published,
      unknown,
      listeners: await namedListeners(run, [
        ...config.ports ?? [],
        ...single.map(({ port }) => ({ from: port, to: port })),
      ]),
    });
    if (!page) return 1;
    const text = options.has("json") ? `${JSON.stringify(page, null, 2)}\n` : serviceTable(page);
    await print(call, text);
    return 0;
  },
};

import assert from "node:assert/strict";
import { about, openLog } from "../lib/log.ts";
import type { LogFormat } from "../lib/log_format.ts";

/** The lines that `body` logs in a format. */
async function lines(
  format: LogFormat,
  body: (log: ReturnType<typeof openLog>) => void | Promise<void>,
): Promise<string[]> {
  const written: string[] = [];
  await body(openLog({ debug: true, format, write: (line) => void written.push(line) }));
  for (const line of written) assert.match(line, /^[^\n]*\n$/);
  return written.map((line) => line.trimEnd());
}

const LIVE = { service: "shop", deployment: 3, revision: "abc" };

Deno.test("people read the service first, and fields only where the text does not say them", async () => {
  const [live, lost, named] = await lines("human", (log) => {
    log.info("deployment.live", "deployment 3: abc is live", LIVE);
    log.warn("container.lost", "web is gone", {
      service: "shop",
      deployment: 3,
      compose_service: "web",
      state: "gone",
    });
    log.info("service.well", '"shop" is well again', { service: "shop" });
  });
  const time = String.raw`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `;
  assert.match(
    live ?? "",
    new RegExp(`${time}\\[INFO \\] shop: deployment 3: abc is live deployment=3$`),
  );
  assert.match(lost ?? "", new RegExp(`${time}\\[WARN \\] shop: web is gone deployment=3$`));
  assert.match(named ?? "", new RegExp(`${time}\\[INFO \\] "shop" is well again$`));
});

Deno.test("journald is given the priority, and no second time", async () => {
  const written = await lines("journal", (log) => {
    log.debug("program.printed", "STEP 1", { service: "shop" });
    log.info("deployment.live", "deployment 3: abc is live", LIVE);
    log.warn("keys.none", "no key", { service: "shop", revision: "abc" });
    log.error("config.refused", "no");
  });
  assert.deepEqual(written, [
    "<7>shop: STEP 1",
    "<6>shop: deployment 3: abc is live deployment=3",
    "<4>shop: no key revision=abc",
    "<3>no",
  ]);
});

Deno.test("json: one object a line, with the event, its fields and the text as it is", async () => {
  const [line = ""] = await lines(
    "json",
    (log) => log.info("deployment.live", "deployment {deployment} is {live}", LIVE),
  );
  const { "@timestamp": at, ...rest } = JSON.parse(line);
  assert.match(at, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.deepEqual(rest, {
    level: "INFO",
    message: "deployment {deployment} is {live}",
    logger: "pgo",
    event: "deployment.live",
    ...LIVE,
  });
});

Deno.test("logfmt: the same as pairs; what is absent is left out", async () => {
  const [line = ""] = await lines("logfmt", (log) =>
    log.info("ssh.command", "Command", {
      remote: "[::1]:5",
      login: "miek",
      key: "SHA256:x",
      received: 0,
      sent: 9,
      status: 0,
      ms: 4,
      command: "ps",
      comment: undefined,
    }));
  assert.match(line, /^time=\S+Z level=info logger=pgo msg=Command event=ssh\.command remote=/);
  assert.match(line, / status=0 ms=4 command=ps$/);
});

for (const format of ["human", "journal", "json", "logfmt"] as const) {
  Deno.test(`${format}: what a stranger sends cannot forge a line or reach the terminal`, async () => {
    const evil = 'x\n2023/05/17 00:00:00 [ERROR] "forged"\r\x1b[2J\x9b2J\x00\x7f';
    const written = await lines(format, (log) => {
      log.info("ssh.refused", evil, { remote: evil, login: evil, reason: evil });
      log.warn("keys.none", "none", { service: evil, revision: evil });
    });
    assert.equal(written.length, 2);
    // deno-lint-ignore no-control-regex
    for (const line of written) assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f]/);
  });
}

Deno.test("all that is done for a deployment says so, also after a wait, and nothing else does", async () => {
  const written = await lines("json", async (log) => {
    const one = about({ service: "shop", deployment: 3 }, async () => {
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      log.debug("program.started", "running [a]");
    });
    const other = about({ service: "wiki" }, () => {
      log.debug("program.started", "running [b]");
      return about({ service: "wiki", deployment: 1 }, async () => {
        await Promise.resolve();
        log.debug("program.started", "running [c]");
      });
    });
    log.debug("program.started", "running [d]");
    await Promise.all([one, other]);
  });
  const found = written.map((line) => JSON.parse(line))
    .map(({ message, service, deployment }) => [message.slice(9, 10), service, deployment]);
  assert.deepEqual(found.sort(), [
    ["a", "shop", 3],
    ["b", "wiki", undefined],
    ["c", "wiki", 1],
    ["d", undefined, undefined],
  ]);
});

/**
 * `deno task bench:proxy`, as root: how many visitors of a service see an error while it is deployed 20 times, through
 * Caddy with and without `caddy_try`, through nginx, and at its own port. Prints the table of docs/proxy.md.
 * @module
 */
import { parseConfig } from "../lib/config/parse.ts";
import { caddyFile } from "../lib/proxy/caddy.ts";
import { ownedUrls } from "../lib/proxy/names.ts";
import { sitesOf } from "../lib/proxy/sites.ts";
import { crowd, failed, type Visit } from "../tests/e2e/crowd.ts";
import { freePort } from "../tests/e2e/port.ts";
import { ask, type RunningProxy, startCaddy, startNginx } from "../tests/e2e/proxies.ts";
import { oneService, web } from "../tests/e2e/services.ts";
import { until } from "../tests/e2e/shell.ts";
import { baseImage, USERS } from "../tests/e2e/users.ts";
import { withWorld } from "../tests/e2e/world.ts";

const TIMES = Number(Deno.args[0] ?? 20);
const URL = "http://www.shop.test/";

await baseImage(USERS[0]);
const port = freePort();
const proxies: RunningProxy[] = [];
const rows: { what: string; visits: Visit[] }[] = [];
const files = { shop: web(port, "one") };
await withWorld({ files, config: (world) => oneService(world, port) }, async (world) => {
  try {
    const [waits, plain, nginx] = [
      await startCaddy(world.dir, 'caddy_try = "10s"\n'),
      await startCaddy(world.dir, "", "plain"),
      await startNginx(world.dir),
    ];
    proxies.push(waits, plain, nginx);
    const text = `[global]\n${waits.global}${nginx.global}${
      oneService(world, port, `urls = { "www.shop.test" = ":${port}" }\n`)
    }`;
    await world.configure(text);
    // A host has one Caddy: the second gets the file as pgod writes it without caddy_try.
    const sites = sitesOf(ownedUrls(parseConfig(text, "config").services));
    await Deno.writeTextFile(plain.file, caddyFile(sites, { scheme: "http", wait: 0 }));
    await plain.stop();
    await plain.start();
    await world.start();
    const live = (times: number) =>
      until(
        `deployment ${times} is live`,
        () => Promise.resolve(world.log().split(" is live").length > times),
        120_000,
      );
    await live(1);
    for (const proxy of proxies) {
      await until("it is reached", async () => (await ask(proxy, URL)).status === 200);
    }
    const crowds = [
      ["its own port", port],
      ["Caddy", plain.port],
      ['Caddy, `caddy_try = "10s"`', waits.port],
      ["nginx", nginx.port],
    ].map(([what, at]) => ({ what: String(what), crowd: crowd(Number(at), URL) }));
    for (let time = 1; time <= TIMES; time++) {
      await world.push("shop", web(port, "one", time + 1));
      await live(time + 1);
      console.error(`deployed ${time} of ${TIMES}`);
    }
    for (const { what, crowd } of crowds) rows.push({ what, visits: await crowd.stop() });
  } finally {
    for (const proxy of proxies) await proxy.stop();
  }
});

console.log("| through | visitors | errors | errors a deployment | which | longest visit |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const { what, visits } of rows) {
  const bad = failed(visits);
  const kinds = [...Map.groupBy(bad, ({ status }) => status)].toSorted(([a], [b]) => a - b)
    .map(([status, list]) => `${list.length} × ${status || "no answer"}`).join(", ");
  const longest = Math.max(...visits.map(({ came, went }) => went - came)) / 1000;
  const each = (bad.length / TIMES).toFixed(1);
  console.log(
    `| ${what} | ${visits.length} | ${bad.length} | ${each} | ${kinds} | ${longest.toFixed(1)} s |`,
  );
}

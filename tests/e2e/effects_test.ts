import assert from "node:assert/strict";
import { composePaths } from "./compose_versions.ts";
import { type Frozen, PROJECT, withFrozen } from "./frozen.ts";
import { freePort } from "./port.ts";
import { get, until } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";

const [, BOB] = USERS;

const files = (port: number) => ({
  "compose.yaml": `
name: ignored
services:
  web:
    image: ${BASE}
    build: { dockerfile_inline: "FROM ${BASE} AS one\\nARG A\\nENV BUILT=$\${A}\\nFROM one AS two\\nENV LATER=1\\n", target: one, args: { A: "it's $$5" } }
    entrypoint: ["sh", "-c"]
    command: ["echo from-$$0-$$HOME; exec httpd -f -p 8080 -h /www", "zero"]
    ports: ["127.0.0.1:${port}:8080"]
    environment:
      NO: no
      OCTAL: 0644
      TIME: 22:22
      DOLLAR: "a$$b $\${c}"
      LINES: "one\\ntwo"
      BLANKS: "  x  "
      QUOTES: "'\\"\\\\"
      UNICODE: é✓
      COLON: "a: b #c"
      SECRET: \${SECRET}
    env_file: [{ path: env/all.env }, { path: env/missing.env, required: false }]
    labels: { plain: yes, "with.$$dollar": "a$$b" }
    annotations: ["org.example.note=a b$$c"]
    extra_hosts: { first: 10.1.2.3, second: "::1" }
    ulimits: { nofile: { soft: 100, hard: 200 }, nproc: 4000 }
    logging: { driver: json-file, options: { max-size: 1m, max-file: 3 } }
    tmpfs: /scratch:size=1m,mode=1770
    stop_grace_period: 1m30s
    stop_signal: SIGINT
    hostname: front
    working_dir: /www
    init: true
    tty: true
    stdin_open: yes
    cap_drop: [NET_RAW]
    security_opt: ["no-new-privileges:true"]
    sysctls: { net.ipv4.ip_default_ttl: 99 }
    shm_size: 1m
    healthcheck: { test: [CMD, test, -f, "/www/a b"], interval: 7s, timeout: 3s, start_period: 2s, retries: 5 }
    networks: { front: null, back: { aliases: [web] } }
    volumes:
      - ./www:/www:ro
      - { type: volume, source: kept, target: /kept, read_only: true }
      - { type: tmpfs, target: /sized, tmpfs: { size: 2m, mode: 1700 } }
      - ./www:/flags:ro,nosuid,noexec
      - data:/data
      - /anonymous
    secrets: [password, { source: made, target: renamed }]
    configs: [{ source: conf, target: /etc/app.conf }, inline]
    deploy: { restart_policy: { condition: on-failure, max_attempts: 3 }, replicas: 1 }
    depends_on: { alone: { condition: service_started } }
  alone:
    image: ${BASE}
    command: sleep 1000
    user: "1000:1000"
    read_only: true
    healthcheck: { disable: true }
  gone: { image: x, profiles: [dev] }
networks: { front: {}, back: { internal: true, labels: { a: b } }, unused: {} }
volumes:
  kept: { labels: { c: d } }
  data: { driver_opts: { type: none, o: bind, device: ./www } }
secrets: { password: { file: ./secret/password }, made: { environment: SECRET } }
configs: { conf: { file: ./env/all.env }, inline: { content: "ttl=\${SECRET}\\n" } }
`,
  "env/all.env": "FROM_FILE='literal $X'\nEXPANDED=${SECRET}!\n",
  "www/a b": "",
  "www/index.html": "page",
  "secret/password": "pass\n",
});

for (const { version, path } of await composePaths()) {
  Deno.test(`podman-compose ${version}: every rewritten key has its effect in the container`, async (t) => {
    await baseImage(BOB);
    const port = freePort();
    await withFrozen({
      files: files(port),
      user: BOB,
      path,
      env: { SECRET: "hunter2 $x" },
      allow: ["sysctls:net.ipv4.ip_default_ttl=99", "environment:EXPANDED"],
      ports: [{ from: port, to: port }],
    }, async (frozen) => {
      const built = await frozen.compose(frozen.buildFile, ["build"]);
      const up = await frozen.compose(frozen.runFile, ["up", "-d"]);
      const said = built.stdout + built.stderr + up.stdout + up.stderr;
      const web = await frozen.inspect("web");
      assert.ok(web?.State.Running, said);
      await t.step("what it runs", () => program(frozen));
      await t.step("what it is given", () => environment(frozen, said));
      await t.step("what it mounts", () => mounts(frozen));
      await t.step("what it may", () => limits(frozen));
      await t.step("whom it reaches", async () => {
        await until("the page", async () => await get(`http://127.0.0.1:${port}/`) === "page");
        await networks(frozen);
      });
    });
  });
}

async function program(frozen: Frozen) {
  const { Config, HostConfig } = await frozen.inspect("web");
  assert.match(await frozen.inside("web", "cat", "/proc/2/cmdline"), /httpd/);
  assert.deepEqual(Config.Cmd, ["echo from-$0-$HOME; exec httpd -f -p 8080 -h /www", "zero"]);
  assert.equal(Config.WorkingDir, "/www");
  assert.equal(Config.Hostname, "front");
  assert.equal(Config.StopSignal, 2);
  assert.ok(HostConfig.Init && Config.Tty && Config.OpenStdin);
  assert.deepEqual(HostConfig.RestartPolicy, { Name: "on-failure", MaximumRetryCount: 3 });
  const { Test, Interval, Timeout, Retries, StartPeriod } = Config.Healthcheck ?? {};
  assert.deepEqual(
    [Interval, Timeout, Retries, StartPeriod],
    [7e9, 3e9, 5, 2e9],
  );
  assert.match(String(Test?.join(" ")), /test -f/);
  assert.equal((await frozen.inspect("alone")).Config.Healthcheck?.Test?.[0] ?? "NONE", "NONE");
  assert.equal(Config.Labels["pgo.stop-seconds"], "90");
  assert.equal(Config.Labels["plain"], "yes");
  assert.equal(Config.Labels["with.$$dollar"], "a$b");
  assert.equal(Config.Annotations["org.example.note"], "a b$c");
}

async function environment(frozen: Frozen, said: string) {
  const { Config } = await frozen.inspect("web");
  const expected = {
    NO: "no",
    OCTAL: "0644",
    TIME: "22:22",
    DOLLAR: "a$b ${c}",
    LINES: "one\ntwo",
    BLANKS: "  x  ",
    QUOTES: "'\"\\",
    UNICODE: "é✓",
    COLON: "a: b #c",
    SECRET: "hunter2 $x",
    FROM_FILE: "literal $X",
    EXPANDED: "hunter2 $x!",
    BUILT: "it's $5",
  };
  const actual = Object.fromEntries(
    Config.Env.map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]),
  );
  for (const [name, value] of Object.entries(expected)) assert.equal(actual[name], value, name);
  assert.equal(actual["LATER"], undefined);
  assert.doesNotMatch(Config.CreateCommand.join(" ") + said, /hunter2/);
}

async function mounts(frozen: Frozen) {
  const { Mounts } = await frozen.inspect("web");
  const at = (target: string) => Mounts.find(({ Destination }) => Destination === target);
  assert.deepEqual([at("/www")?.RW, at("/www")?.Source], [false, `${frozen.dir}/checkout/www`]);
  assert.deepEqual([at("/kept")?.RW, at("/kept")?.Name], [false, `${PROJECT}_kept`]);
  assert.deepEqual([at("/data")?.RW, at("/data")?.Source], [true, `${frozen.dir}/checkout/www`]);
  assert.ok(["nosuid", "noexec"].every((flag) => at("/flags")?.Options.includes(flag)));
  assert.equal(at("/flags")?.RW, false);
  assert.equal(at("/anonymous")?.Type, "volume");
  assert.equal(await frozen.inside("web", "cat", "/run/secrets/password"), "pass\n");
  assert.equal(await frozen.inside("web", "cat", "/run/secrets/renamed"), "hunter2 $x");
  assert.match(await frozen.inside("web", "cat", "/etc/app.conf"), /FROM_FILE='literal/);
  assert.equal(await frozen.inside("web", "cat", "/inline"), "ttl=hunter2 $x\n");
  assert.match(await frozen.inside("web", "sh", "-c", "echo >/inline"), /Read-only/);
  assert.match(await frozen.inside("web", "mount"), /tmpfs on \/scratch .*size=1024k,mode=1770/);
  assert.match(await frozen.inside("web", "mount"), /tmpfs on \/sized .*size=2048k,mode=1700/);
}

async function limits(frozen: Frozen) {
  const { HostConfig, EffectiveCaps } = await frozen.inspect("web");
  assert.ok(!HostConfig.Privileged && !EffectiveCaps?.includes("CAP_NET_RAW"));
  assert.match(await frozen.inside("web", "grep", "NoNewPrivs", "/proc/1/status"), /1/);
  assert.match(await frozen.inside("web", "cat", "/proc/sys/net/ipv4/ip_default_ttl"), /^99$/m);
  assert.match(await frozen.inside("web", "sh", "-c", "ulimit -n; ulimit -Hn"), /100\s+200/);
  assert.equal(HostConfig.ShmSize, 1024 * 1024);
  assert.deepEqual([HostConfig.LogConfig.Type, HostConfig.LogConfig.Size], ["json-file", "1MB"]);
  assert.match(await frozen.inside("alone", "id"), /uid=1000(\(1000\))? gid=1000/);
  assert.match(await frozen.inside("alone", "sh", "-c", "echo >/x"), /Read-only/);
}

async function networks(frozen: Frozen) {
  const web = await frozen.inspect("web");
  const alone = await frozen.inspect("alone");
  assert.deepEqual(Object.keys(web.NetworkSettings.Networks).sort(), [
    `${PROJECT}_back`,
    `${PROJECT}_front`,
  ]);
  assert.deepEqual(Object.keys(alone.NetworkSettings.Networks), [`${PROJECT}_default`]);
  const hosts = await frozen.inside("web", "cat", "/etc/hosts");
  assert.match(hosts, /^10\.1\.2\.3\s+first$/m);
  assert.match(hosts, /^::1\s+second$/m);
  assert.match(await frozen.inside("web", "nslookup", "web"), /Address:? \d?:? ?10\./);
  assert.match(await frozen.inside("alone", "nslookup", "web"), /can't|NXDOMAIN|No answer/i);
}

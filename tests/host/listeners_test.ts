import assert from "node:assert/strict";
import { endOrphans, listeners, parseListener } from "../../lib/host/listeners.ts";
import { ProcessError, type Run } from "../../lib/host/process.ts";
import { drain } from "../../lib/host/streams.ts";

/** An `ss` that prints these lines, and pgod's own way to take what programs print; `asked` is with what. */
function withSockets(lines: Iterable<string>) {
  const asked: string[] = [];
  const run: Run = async ({ argv, stdout }) => {
    asked.push(argv.slice(2).join(" "));
    const text = [...lines].map((line) => `${line}\n`).join("");
    let why = "";
    const stop = (reason: string) => void (why ||= reason);
    const said = await drain(new Blob([text]).stream(), stdout, Promise.resolve(), stop);
    if (why) throw new ProcessError(`ss ${why}`);
    return { code: 0, stdout: said, stderr: "" };
  };
  return { run, asked };
}

Deno.test("who listens is read from ss, with program, process and user where it may be seen", () => {
  const text = `
tcp LISTEN 0      4096         *:18100       *:* users:(("rootlessport",pid=12384,fd=5)) uid:1004 ino:1181901 sk:3 cgroup:/ v6only:0 <->
udp UNCONN 0      0      127.0.0.1:53 0.0.0.0:* ino:637 sk:1 cgroup:/ <->
tcp LISTEN 0 128 [::1]:22 [::]:*
`;
  assert.deepEqual(text.split("\n").flatMap((line) => parseListener(line) ?? []), [
    { port: 18100, protocol: "tcp", uid: 1004, program: "rootlessport", pid: 12384 },
    { port: 53, protocol: "udp", uid: 0 },
    { port: 22, protocol: "tcp", uid: 0 },
  ]);
});

for (const name of [" uid:0 ino:1 sk", 'x",pid=1,fd=3', 'x",pid=1,fd=3)', "a b c"]) {
  Deno.test(`a program called ${JSON.stringify(name)} is nobody else's`, () => {
    const line =
      `udp UNCONN 0 0 [::1]:5005 [::]:* users:(("${name}",pid=7,fd=5),("y",pid=8,fd=5)) ` +
      "uid:1004 ino:11283904 sk:4fe05 cgroup:/ uid:0 ino:1 sk:1 v6only:1 <->";
    assert.deepEqual(parseListener(line), {
      ...{ port: 5005, protocol: "udp", uid: 1004, program: name, pid: 7 },
    });
  });
}

const holder = (port: number) =>
  `tcp LISTEN 0 4096 *:${port} *:* users:(("nginx",pid=9,fd=5)) uid:33 ino:1 sk:3 cgroup:/ <->`;

Deno.test("sockets without number keep nobody from learning who listens on a port", async () => {
  const foreign = Array.from(
    { length: 60_000 },
    (_, at) =>
      `udp UNCONN 0      0      127.9.${at % 250}.3:${10_000 + at % 20_000} 0.0.0.0:* ` +
      `users:(("python3",pid=75,fd=${at})) uid:1009 ino:${at} sk:5b977 cgroup:/ <->`,
  );
  const { run, asked } = withSockets([...foreign, holder(5005), holder(5006)]);
  const found = { port: 5005, protocol: "tcp", uid: 33, program: "nginx", pid: 9 };
  const ports = [{ from: 5005, to: 5005 }, { from: 5001, to: 5003 }, { from: 5002, to: 5004 }];
  assert.deepEqual(await listeners(run, ports), [found]);
  assert.deepEqual(asked, ["( sport >= :5001 and sport <= :5005 )"]);
  // One of each process and port, where everything is asked for.
  assert.equal((await listeners(run)).length, 20_002);
  assert.deepEqual(asked.slice(1), [""]);
});

Deno.test("a socket that a program has a million times is one line, and known all the same", async () => {
  const often = Array.from({ length: 1e5 }, (_, at) => `("python3",pid=75,fd=${at})`).join(",");
  const line = `udp UNCONN 0 0 *:5005 *:* users:(${often}) uid:1009 ino:1 sk:5 cgroup:/ <->`;
  const { run } = withSockets([line, holder(22)]);
  const found = { port: 5005, protocol: "udp", uid: 1009, program: "python3", pid: 75 };
  assert.deepEqual(await listeners(run, [{ from: 5000, to: 5009 }]), [found]);
});

Deno.test("of many ranges ss is asked for everything, of none nothing", async () => {
  const { run, asked } = withSockets([holder(22), holder(64_000)]);
  const ranges = Array.from({ length: 500 }, (_, at) => ({ from: at * 4, to: at * 4 + 2 }));
  assert.deepEqual((await listeners(run, ranges)).map(({ port }) => port), [22]);
  assert.deepEqual(await listeners(run, []), []);
  assert.deepEqual(asked, [""]);
});

Deno.test("only a monitor whose container podman does not know is ended", async () => {
  const known = "a".repeat(64), lost = "b".repeat(64);
  const killed: string[] = [];
  const run: Run = ({ argv }) => {
    const answer = (stdout: string) => Promise.resolve({ code: 0, stdout, stderr: "" });
    if (argv[0] === "ps") {
      return answer(
        `  11 /usr/bin/conmon --api-version 1 -c ${known} -u ${known} -r crun\n  12 /usr/bin/conmon --api-version 1 -c ${lost} -u ${lost} -r crun\n  13 grep conmon -c x\n`,
      );
    }
    if (argv[0] === "podman") return answer(`${known}\n`);
    killed.push(argv.join(" "));
    return answer("");
  };
  assert.ok(await endOrphans(run, { name: "miek", uid: 1000, gid: 1000, home: "/" }));
  assert.deepEqual(killed, ["kill -s TERM -- 12", "kill -s KILL -- 12"]);
});

import assert from "node:assert/strict";
import { endOrphans, parseListeners } from "../../lib/host/listeners.ts";
import type { Run } from "../../lib/host/process.ts";

Deno.test("who listens is read from ss, with program, process and user where it may be seen", () => {
  const text = `
tcp LISTEN 0      4096         *:18100       *:* users:(("rootlessport",pid=12384,fd=5)) uid:1004 ino:1181901 sk:3 cgroup:/ v6only:0 <->
udp UNCONN 0      0      127.0.0.1:53 0.0.0.0:* ino:637 sk:1 cgroup:/ <->
tcp LISTEN 0 128 [::1]:22 [::]:*
`;
  assert.deepEqual(parseListeners(text), [
    { port: 18100, protocol: "tcp", uid: 1004, program: "rootlessport", pid: 12384 },
    { port: 53, protocol: "udp", uid: 0 },
    { port: 22, protocol: "tcp", uid: 0 },
  ]);
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

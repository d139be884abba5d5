import assert from "node:assert/strict";
import { readContainerfile } from "../../lib/compose/containerfile.ts";

const LEGIT: [about: string, text: string, images: string[]][] = [
  ["one stage", "FROM docker.io/library/nginx:1.27\nCOPY www /www\n", [
    "docker.io/library/nginx:1.27",
  ]],
  [
    "short names",
    "from node:20-alpine as build\nRUN npm ci\nFROM nginx\nCOPY --from=build /x /y\nCOPY --from=0 /x /z\n",
    ["node:20-alpine", "nginx"],
  ],
  [
    "arguments",
    "ARG VERSION=3.20\nFROM docker.io/library/alpine:${VERSION}\nARG A\nRUN echo $A\n",
    ["docker.io/library/alpine:3.20"],
  ],
  ["a given argument", "ARG BASE\nFROM --platform=linux/amd64 ${BASE:-x.io/a}\n", ["x.io/given"]],
  ["a default", "FROM ${NOBODY:-x.io/a} AS one\nFROM one\n", ["x.io/a"]],
  [
    "caches",
    "FROM x.io/a\nRUN --mount=type=cache,target=/root/.npm,sharing=locked \\\n    npm ci\nRUN --mount=type=cache,id=npm,target=/x ls\n",
    ["x.io/a"],
  ],
  [
    "the context, read-only",
    "FROM x.io/a\nRUN --mount=type=bind,target=/src,ro --network=none make -C /src\n",
    ["x.io/a"],
  ],
  [
    "comments in continued lines",
    "FROM x.io/a\nRUN apt-get update \\\n # why\n  && apt-get install -y curl\n",
    ["x.io/a"],
  ],
  [
    "an address of the internet",
    "FROM scratch\nADD --chmod=755 https://example.org/x.tar.gz /x\n",
    [],
  ],
  [
    "an option of a program",
    'FROM x.io/a\nRUN tool --mount=type=bind,from=b,source=/ --from=x\nCMD ["--from=localhost/pgo/x"]\n',
    ["x.io/a"],
  ],
  ["windows line ends and labels", 'FROM x.io/a\r\nLABEL a=b\r\nENTRYPOINT ["x"]\r\n', ["x.io/a"]],
];
for (const [about, text, images] of LEGIT) {
  Deno.test(`a Containerfile may have: ${about}`, () => {
    assert.deepEqual(readContainerfile(text, { BASE: "x.io/given" }), { refused: [], images });
  });
}

Deno.test("what is refused says in which line, also of a line that goes on", () => {
  const { refused } = readContainerfile(
    "FROM x.io/a\n\nRUN \\\n --mount=type=secret,id=x \\\n ls\n",
    {},
  );
  assert.deepEqual(refused, [{
    line: 3,
    message: "RUN --mount of type secret with type could reach the host's files",
  }]);
});

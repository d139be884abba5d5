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
  ["a digest", `FROM x.io/a@sha256:${"ab".repeat(32)}\n`, [`x.io/a@sha256:${"ab".repeat(32)}`]],
  [
    "stages with upper case, read in Docker's way too",
    "FROM x.io/a AS Build\nFROM x.io/b\nCOPY --from=Build /x /y\nCOPY --from=build /x /y\n",
    ["x.io/a", "x.io/b"],
  ],
  [
    "an argument of a stage, and one that is quoted",
    'ARG V="3"\nFROM x.io/a:${V}\nARG V=4\nFROM x.io/b:$V\n',
    ["x.io/a:3", "x.io/b:3"],
  ],
  ["the builder's own platform", "FROM --platform=$BUILDPLATFORM x.io/a AS b\n", ["x.io/a"]],
  ["windows line ends and labels", 'FROM x.io/a\r\nLABEL a=b\r\nENTRYPOINT ["x"]\r\n', ["x.io/a"]],
];
for (const [about, text, images] of LEGIT) {
  Deno.test(`a Containerfile may have: ${about}`, () => {
    const { refused, images: found } = readContainerfile(text, { BASE: "x.io/given" });
    assert.deepEqual({ refused, images: found }, { refused: [], images });
  });
}

const V = "localhost/pgo/other/web:1";
const HOSTILE: [about: string, text: string][] = [
  ["quotes", `FROM "${V}"`],
  ["single quotes", `FROM '${V}'`],
  ["quotes inside", 'FROM localhost/p"g"o/other/web:1'],
  ["a backslash", "FROM localhost/p\\go/other/web:1"],
  ["a name over two lines", "FROM localhost/pg\\\no/other/web:1"],
  ["an argument of a stage", `ARG B=${V}\nFROM x.io/a AS x\nARG B=x.io/a\nFROM \${B}`],
  ["an argument that is empty", `ARG X=\nFROM \${X:-${V}}`],
  ["an argument some builders do not read", `ARG A=1 X=x.io/a\nFROM \${X:-${V}}`],
  ["an argument with two values", `ARG X=${V}\nARG X=x.io/a\nFROM \${X}`],
  ["an argument of the build that is not declared", "FROM ${GIVEN:-x.io/a}"],
  ["a stage that is called like it", `FROM x.io/a AS LOCALHOST/PGO/OTHER/WEB:1\nFROM ${V}`],
  ["a stage that is called like an id, but for the case", "FROM x.io/a AS ABC\nFROM abc"],
  ["a copy from quotes", `FROM x.io/a\nCOPY --from="${V}" / /x`],
  ["a copy behind quotes", `FROM x.io/a\nCOPY --chown="a b" --from=${V} / /x`],
  ["a copy behind a backslash", `FROM x.io/a\nCOPY --fr\\om=${V} / /x`],
  ["a copy over two lines", `FROM x.io/a\nCOPY --fr\\\nom=${V} / /x`],
  ["the beginning of an id", "FROM x.io/a\nFROM 5"],
  ["a number that is no stage", "FROM x.io/a\nCOPY --from=1 / /x"],
  ["a transport by a default", "FROM ${X:-oci-archive:/path}"],
  ["a transport in upper case", "FROM DIR:/x"],
];
for (const [about, text] of HOSTILE) {
  Deno.test(`a Containerfile may not have: ${about}`, () => {
    const { refused } = readContainerfile(`${text}\n`, { GIVEN: V });
    assert.ok(refused.length > 0);
  });
}

Deno.test("a Containerfile says for which platform it wants an image", () => {
  const text = "FROM --platform=linux/arm64 x.io/a\nFROM --platform=$TARGETPLATFORM x.io/b\n";
  assert.deepEqual(readContainerfile(text, {}).platforms, { "x.io/a": "linux/arm64" });
});

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

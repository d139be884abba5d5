/**
 * A case of the hostile corpus under real podman-compose with a podman that only writes down what it is asked.
 * The case lies where PGO would keep it, `/var/lib/pgo/shop/checkout`, and has neighbours: another service beside
 * it and one in `/srv/other`. Both are mounted in a namespace of their own, so that the host's `/var/lib` and `/srv`
 * stay as they are. The repository belongs to root there: podman-compose cannot change what PGO is then shown.
 * @module
 */
import { quote } from "shlex";
import { type Case, CHECKOUT } from "../compose/corpus.ts";
import { ok, sh } from "./shell.ts";

/** What podman-compose did. */
export interface Recording {
  /** One line for each call of podman: its arguments, quoted for a shell. */
  calls: string[];
  /** It was still busy when its time was up. */
  hung: boolean;
  stderr: string;
}

/** The other service's files. */
const NEIGHBOUR = {
  "compose.yaml":
    "services:\n  db:\n    image: docker.io/library/postgres:16\n    environment: { DB_PASSWORD: of-another }\n",
  "Dockerfile": "FROM docker.io/library/alpine:3.20\n",
  ".env": "DB_PASSWORD=of-another\n",
  "token": "of-another\n",
};

/** Records, and answers as podman does: what does not begin with `shop_` belongs to somebody and is there. */
const PODMAN = String.raw`#!/bin/sh
printf '%s\0' "$#" "$@" >>"$RECORD"
case "$1 $2" in
  "--version "*) echo podman version 4.3.1 ;;
  "run --name=-"*) exit 125 ;;
  "network exists" | "volume inspect")
    case "$3" in
      -*) exit 125 ;;
      shop_*) grep -qzxF -e "$3" "$RECORD.made" 2>/dev/null || exit 1 ;;
    esac
    [ "$1" = network ] || echo '[{}]' ;;
  "network create" | "volume create")
    for name; do :; done
    printf '%s\0' "$name" >>"$RECORD.made" ;;
esac
`;

/** KiB of address space: three times what podman-compose needs for a service. */
const MEMORY = 200_000;

const IN_NAMESPACE = `
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /srv
for place in /srv/other /var/lib/pgo/shop/other /var/lib/pgo/other/checkout; do
  mkdir -p $place
  mount --bind "$1" $place
done
mkdir -p ${CHECKOUT}
mount --bind "$2" ${CHECKOUT}
cd ${CHECKOUT}
exec runuser -u "$3" -- timeout -k 1 "$4" sh -c 'ulimit -v ${MEMORY}; exec podman-compose -p shop up -d'
`;

/** Makes `dir` ready for {@link record}. */
export async function prepareRecorder(dir: string): Promise<void> {
  await Deno.chmod(dir, 0o755);
  await ok(["mkdir", `${dir}/bin`, `${dir}/other`, `${dir}/cases`]);
  await Deno.writeTextFile(`${dir}/bin/podman`, PODMAN);
  await Deno.chmod(`${dir}/bin/podman`, 0o755);
  for (const [name, text] of Object.entries(NEIGHBOUR)) {
    await Deno.writeTextFile(`${dir}/other/${name}`, text);
  }
}

/** Lays a case out as its author would have it in a checkout, with its links and fifos; returns the directory. */
export async function layOut({ name, repository, expect }: Case, dir: string): Promise<string> {
  const checkout = `${dir}/cases/${name}`;
  await ok(["cp", "-r", repository, checkout]);
  for (const [path, target] of Object.entries(expect.links ?? {})) {
    await Deno.symlink(target, `${checkout}/${path}`);
  }
  for (const path of expect.fifos ?? []) {
    await ok(["sh", "-c", 'exec mkfifo -m 644 "$0"', `${checkout}/${path}`]);
  }
  return checkout;
}

/** Runs `podman-compose -p shop up -d` in `checkout` as `user`, for at most `seconds`. */
export async function record(
  { name, expect }: Case,
  options: { dir: string; checkout: string; user: string; path?: string; seconds: number },
): Promise<Recording> {
  const { dir, checkout, user, path, seconds } = options;
  const calls = `${dir}/record-${name}`;
  await ok(["sh", "-c", 'mkdir -m 777 "$0"', calls]);
  const { code, stderr } = await sh([
    "sh",
    "-c",
    'exec unshare -m sh -ec "$0" sh "$@"',
    IN_NAMESPACE,
    `${dir}/other`,
    checkout,
    user,
    `${seconds}`,
  ], {
    env: {
      ...expect.config?.env,
      HOME: `/home/${user}`,
      PATH: [`${dir}/bin`, ...path ? [path] : [], "/usr/sbin:/usr/bin:/bin"].join(":"),
      RECORD: `${calls}/calls`,
      USER: user,
    },
  });
  const text = await Deno.readTextFile(`${calls}/calls`).catch(() => "");
  return { calls: readCalls(text), hung: code === 124 || code === 137, stderr };
}

function readCalls(text: string): string[] {
  const words = text.split("\0");
  const calls = [];
  for (let at = 0; at + 1 < words.length;) {
    const end = at + 1 + Number(words[at]);
    calls.push(words.slice(at + 1, end).map(quote).join(" ").replaceAll("\n", "\\n"));
    at = end;
  }
  return calls;
}

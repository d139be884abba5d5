/**
 * The Debian package on a fresh Debian: debootstrapped, booted by systemd, with what the package depends on and nothing
 * of this machine's. deb/come.sh and deb/go.sh are what an admin does there.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DEPENDS } from "../../scripts/deb/control.ts";
import { denoDir, ok } from "./shell.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SCRIPTS = `${ROOT}tests/e2e/deb`;
const FRESH = `${SCRIPTS}/root.sh`;
/** What a Debian server has before anything is installed, and busybox for the service's image. */
const SERVER = ["systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "busybox-static"];

const SEEN = [
  "installed: disabled, inactive",
  "pgod 0.1.0",
  "pgoctl 0.1.0",
  "the config is valid, mode 600",
  "systemd understands the unit",
  "manual, completion, checksums",
  "check warns of a user without a session",
  "started, and ready by its own word",
  "a service is live",
  "ping, logs, ps",
  "containers are in their user's control group",
  "images are overlays",
  "it is the Deno of the package",
  "programs and configuration are read only for it",
  "no capability for modules, clocks and raw network; no real time",
  "reload refuses a wrong config and takes a right one",
  "a start with a wrong config is not tried again, and takes nothing down",
  "the watchdog starts it again",
  "containers never noticed",
  "after a power cut the service is live again",
  "an upgrade starts pgod anew, and no container",
  "an upgrade keeps the config",
  "the new pgod deploys",
  "removal stops it",
  "containers stay",
  "removal keeps config and data",
  "purge keeps data, and nothing else",
  "upgraded from an older version",
  "deno task install does the same",
  "deno task uninstall leaves config and data",
];

/** Builds the package into `dir`, which lintian has to find free of errors. */
async function build(dir: string): Promise<void> {
  const words = ["--output", dir, "--compression", "gzip", "--version", "0.1.0+9"];
  await ok(["sh", "-c", 'cd "$0" && command -v lintian && deno task -q deb "$@"', ROOT, ...words], {
    env: { DENO_DIR: denoDir() },
  });
}

/** Puts the scripts there, and a copy of the tree with what Deno needs to run its tasks without a network. */
async function checkout(dir: string): Promise<void> {
  const copy = `mkdir -p "$0/bin" "$0/deno" "$0/checkout"
cp "$1" "$0/bin/deno"
cp "$4"/*.sh "$0/"
cp -a "$2/npm" "$2/dl" "$0/deno/"
cp -a deno.* *.ts *.md *.toml lib scripts man docs "$0/checkout/"`;
  await ok(["sh", "-ec", `cd "$3" && ${copy}`, dir, Deno.execPath(), denoDir(), ROOT, SCRIPTS]);
}

Deno.test("on a fresh Debian the package does the whole job under systemd, is upgraded, removed and purged", async () => {
  const dir = await Deno.makeTempDir();
  const [root, debs] = [`${dir}/root`, `${dir}/debs`];
  try {
    const ready = [ok(["bash", FRESH, "make", root, ...SERVER]), build(debs)];
    // Nobody removes what is still being made.
    await Promise.allSettled(ready);
    await Promise.all(ready);
    await checkout(debs);
    const act = (name: string) => ok(["bash", FRESH, "run", root, debs, "bash", `/mnt/${name}.sh`]);
    const said = `${await act("come")}\n${await act("go")}`;
    const seen = said.split("\n").map((line) => line.replace(/ \([0-9a-f]+\+?\)$/, ""));
    assert.deepEqual(seen, SEEN);
  } finally {
    await ok(["rm", "-rf", "--one-file-system", dir]);
  }
});

Deno.test("the package depends on what prepare-host.sh installs", async () => {
  const script = await Deno.readTextFile(`${ROOT}scripts/prepare-host.sh`);
  const [, list = ""] = /^install_missing ([^]*?)"\$\{/m.exec(script) ?? [];
  const names = list.replaceAll("\\", "").split(/\s+/).filter((name) => name !== "");
  const depends = DEPENDS.map((one) => one.split(" ")[0]);
  assert.ok(names.length > 10);
  // busybox-static is for the demo's and the tests' images.
  assert.deepEqual(names.filter((name) => !depends.includes(name)), ["busybox-static"]);
});

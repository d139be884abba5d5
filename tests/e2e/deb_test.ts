/**
 * The Debian package: installed, upgraded, removed and purged by dpkg, in a root that is this machine's own with all
 * that is written kept apart (an overlay), so that dependencies are really there and nothing of it stays.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DEPENDS } from "../../scripts/deb/control.ts";
import { denoDir, ok } from "./shell.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** An earlier version with a file that later ones have not. */
const OLD = `mkdir -p "$0/old/DEBIAN" "$0/old/usr/share/pgo" && cd "$0"
echo old > old/usr/share/pgo/old
printf 'Package: pgo\\nVersion: 0.0.9\\nArchitecture: all\\nMaintainer: x <x@y>\\nDescription: old\\n' > old/DEBIAN/control
dpkg-deb --root-owner-group -Zgzip -b old old.deb`;

/** Runs what follows in the overlay; nothing but the package's own Deno is left there. */
const APART = `set -e
mount -t tmpfs -o mode=755 tmpfs "$0"
mkdir "$0/upper" "$0/work" "$0/root"
mount -t overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" overlay "$0/root"
mount --rbind /dev "$0/root/dev"
mount --rbind /proc "$0/root/proc"
mount -t tmpfs -o mode=755 tmpfs "$0/root/run"
mount --bind "$1" "$0/root/mnt"
exec chroot "$0/root" sh -ec "$2"`;

const STORY = `export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
dpkg="dpkg --force-unsafe-io"
for deno in $(which -a deno); do rm -f "$deno"; done
rm -rf /etc/pgo.toml /var/lib/pgo
exec 3>&1 > /dev/null
say() { echo "$@" >&3; }
$dpkg -i /mnt/old.deb
$dpkg -i /mnt/pgo_*.deb
[ ! -e /usr/share/pgo/old ] && say upgraded
say "$(pgod -v)"
say "$(pgoctl -v)"
pgod check -c /etc/pgo.toml && say "valid, mode $(stat -c %a /etc/pgo.toml)"
systemd-analyze verify --man=no pgod.service && say verified
zcat /usr/share/man/man8/pgod.8.gz | grep -q '^.TH PGOD 8' && say manual
dpkg -V pgo && say intact
echo '# mine' > /etc/pgo.toml
mkdir -p /var/lib/pgo/shop/data && touch /var/lib/pgo/shop/data/kept
$dpkg -i /mnt/pgo_*.deb
grep -q '# mine' /etc/pgo.toml && say "upgrade keeps the config"
dpkg -L pgo | grep -E 'pgo' > /tmp/listed
$dpkg -r pgo
for path in $(cat /tmp/listed); do [ ! -f "$path" ] || say "$path stays"; done
grep -q '# mine' /etc/pgo.toml && [ -e /var/lib/pgo/shop/data/kept ] && say "removal keeps config and data"
$dpkg -P pgo
[ ! -e /etc/pgo.toml ] && [ -e /var/lib/pgo/shop/data/kept ] && say "purge keeps data"`;

Deno.test("the Debian package is installed, upgraded, removed and purged; lintian finds no error", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const words = ["--output", dir, "--compression", "gzip", "--version", "0.1.0+9"];
    await ok(
      ["sh", "-c", 'cd "$0" && command -v lintian && deno task -q deb "$@"', ROOT, ...words],
      {
        env: { DENO_DIR: denoDir() },
      },
    );
    await ok(["sh", "-c", OLD, dir]);
    const place = await Deno.makeTempDir();
    const said = await ok([
      "sh",
      "-c",
      'exec unshare -m sh -c "$@"',
      "sh",
      APART,
      place,
      dir,
      STORY,
    ]);
    await Deno.remove(place);
    assert.deepEqual(said.split("\n").map((line) => line.replace(/ \([0-9a-f]+\+?\)$/, "")), [
      "upgraded",
      "pgod 0.1.0",
      "pgoctl 0.1.0",
      "valid, mode 600",
      "verified",
      "manual",
      "intact",
      "upgrade keeps the config",
      "removal keeps config and data",
      "purge keeps data",
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
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

#!/bin/bash
# After the power was cut: the package is upgraded, removed and purged; then deno task install and uninstall.
# shellcheck source=tests/e2e/deb/steps.sh
. "${0%/*}/steps.sh"

# --- after a power cut ---
soon page one
soon ask ping
[[ $(pgod_pid) != 0 ]]
[[ $(ask ps 2>&1) == *shop_web_1* ]]
in_user_group
say 'after a power cut the service is live again'
web=$(container)

# --- an upgrade while it runs ---
pid=$(pgod_pid)
echo '# mine' >>/etc/pgo.toml
dpkg -i /mnt/pgo_*.deb
[[ $(container) == "$web" ]]
no test "$(pgod_pid)" == "$pid"
say 'an upgrade starts pgod anew, and no container'
tail -n 1 /etc/pgo.toml | grep -q '# mine'
say 'an upgrade keeps the config'
soon ask ping
echo two >repo/index.html
echo 'x-version: 2' >>repo/compose.yaml
push
ask sync --wait
page two
say 'the new pgod deploys'

# --- removal, and purge ---
web=$(container)
mkdir -p /var/lib/pgo/shop/data
touch /var/lib/pgo/shop/data/kept
dpkg -L pgo >listed
dpkg -r pgo
while read -r path; do [[ ! -f $path ]] || say "$path stays"; done <listed
hash -r
[[ $(systemctl is-active pgod || true) == inactive && -z $(type -P pgod pgoctl || true) ]]
say 'removal stops it'
[[ $(container) == "$web" ]]
page two
say 'containers stay'
grep -q '# mine' /etc/pgo.toml
[[ -e /var/lib/pgo/shop/data/kept ]]
say 'removal keeps config and data'
dpkg -P pgo
[[ -e /var/lib/pgo/shop/data/kept ]]
# The first is prepare-host.sh's.
[[ $(left) == '/etc/containers/registries.conf.d/10-pgo.conf /var/lib/pgo' ]]
say 'purge keeps data, and nothing else'

# --- an upgrade from an older version that had other files ---
mkdir -p /tmp/old/DEBIAN /tmp/old/usr/share/pgo
echo old >/tmp/old/usr/share/pgo/old
printf 'Package: pgo\nVersion: 0.0.9\nArchitecture: all\nMaintainer: x <x@y>\nDescription: old\n' >/tmp/old/DEBIAN/control
dpkg-deb --root-owner-group -Zgzip -b /tmp/old /tmp/old.deb
dpkg -i /tmp/old.deb
dpkg -i /mnt/pgo_*.deb
[[ ! -e /usr/share/pgo/old && -e /etc/pgo.toml ]]
say 'upgraded from an older version'

# --- the same from a checkout ---
dpkg -P pgo
cd /mnt/checkout
export PATH=/mnt/bin:$PATH DENO_DIR=/mnt/deno
deno task -q install
cp /root/right.toml /etc/pgo.toml
systemctl enable --now pgod
cd /root
soon ask ping
[[ $(readlink "/proc/$(pgod_pid)/exe") == /usr/local/lib/pgo/deno && $(container) == "$web" ]]
say 'deno task install does the same'
cd /mnt/checkout
deno task -q uninstall
[[ $(systemctl is-active pgod || true) == inactive && $(container) == "$web" ]]
[[ $(left) == '/etc/containers/registries.conf.d/10-pgo.conf /etc/pgo.toml /var/lib/pgo' ]]
say 'deno task uninstall leaves config and data'

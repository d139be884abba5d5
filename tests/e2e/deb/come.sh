#!/bin/bash
# An admin installs the Debian package on a fresh Debian, and runs a service.
# shellcheck source=tests/e2e/deb/steps.sh
. "${0%/*}/steps.sh"

# --- a fresh host: nothing but the package and what it depends on ---
[[ -z $(type -P deno podman git || true)$(left) ]]
apt-get install -q -y --no-install-recommends /mnt/pgo_*.deb
say "installed: $(systemctl is-enabled pgod || true), $(systemctl is-active pgod || true)"
say "$(pgod -v)"
say "$(pgoctl -v)"
pgod check -c /etc/pgo.toml
say "the config is valid, mode $(stat -c %a /etc/pgo.toml)"
[[ -z $(systemd-analyze verify --man=no pgod.service 2>&1) ]]
say 'systemd understands the unit'
zcat /usr/share/man/man8/pgod.8.gz | grep -q '^.TH PGOD 8'
zcat /usr/share/man/man1/pgoctl.1.gz | grep -q '^.TH PGOCTL 1'
# shellcheck source=/dev/null
for program in pgod pgoctl; do . /usr/share/bash-completion/completions/$program; complete -p $program; done
[[ -z $(dpkg -V pgo) ]]
say 'manual, completion, checksums'

# --- the whole job, by the package's own unit ---
mkdir -p /etc/containers
# A kernel with control groups of version 1 has no limits to give here.
printf '[containers]\npids_limit = 0\n' >/etc/containers/containers.conf
/usr/share/pgo/prepare-host.sh
mkdir -p repo/ssh
cp /bin/busybox repo/
echo one >repo/index.html
printf 'FROM scratch\nCOPY busybox /bin/httpd\nCOPY busybox /bin/sh\nCOPY index.html /www/index.html\n' >repo/Containerfile
cat >repo/compose.yaml <<'END'
services:
  web:
    build: .
    init: true
    command: [/bin/sh, -c, "echo serving; exec /bin/httpd -f -p 8080 -h /www"]
    ports: ["5000:8080"]
END
ssh-keygen -q -t ed25519 -N '' -f key
cp key.pub repo/ssh/
git init -q -b main repo
git init -q --bare -b main /srv/shop.git
push
pgod add -c /etc/pgo.toml --name shop --create-user --repository file:///srv/shop.git --ports 5000/0
[[ $(pgod check -c /etc/pgo.toml 2>&1) != *warning* ]]
bus=/run/user/$(id -u shop)/bus
mv "$bus" "$bus.away"
pgod check -c /etc/pgo.toml 2>&1 | grep "warning: user \"shop\" has no $bus: no limit"
mv "$bus.away" "$bus"
say 'check warns of a user without a session'
systemctl enable --now pgod
say 'started, and ready by its own word'
soon page one
say 'a service is live'
[[ $(ask ping) == 'pong! - fresh' ]]
ask logs | grep -q serving
[[ $(ask ps 2>&1) == *shop_web_1* ]]
no grep -q warning <(ask ps 2>&1)
say 'ping, logs, ps'
in_user_group
say "containers are in their user's control group"
[[ $(runuser -u shop -- sh -c 'cd; podman info -f "{{.Store.GraphDriverName}}"') == overlay ]]
say 'images are overlays'

# --- the unit's restrictions, as systemd lays them on ---
pid=$(pgod_pid)
[[ $(readlink "/proc/$pid/exe") == /usr/lib/pgo/deno ]]
no grep -q -a allow-all "/proc/$pid/cmdline"
say 'it is the Deno of the package'
for path in /usr/written /etc/written /boot/written; do no nsenter -t "$pid" -m touch $path; done
say 'programs and configuration are read only for it'
python3 - "$pid" <<'END'
import sys
status = dict(line.split(":\t", 1) for line in open(f"/proc/{sys.argv[1]}/status") if ":\t" in line)
bounding = int(status["CapBnd"], 16)
# net_admin, net_raw, sys_module, sys_time; setuid stays.
assert [bounding >> bit & 1 for bit in (12, 13, 16, 25, 7)] == [0, 0, 0, 0, 1], status["CapBnd"]
# RestrictRealtime is a filter of system calls; setuid programs have to work.
assert [int(status[name]) for name in ("Seccomp", "NoNewPrivs")] == [2, 0], status
END
say 'no capability for modules, clocks and raw network; no real time'

# --- reload: a wrong config is refused, a right one taken ---
cp /etc/pgo.toml right.toml
echo nonsense >>/etc/pgo.toml
no systemctl reload pgod
cp right.toml /etc/pgo.toml
systemctl reload pgod
[[ $(pgod_pid) == "$pid" ]]
printf '\n[global]\nadmin_keys = "/etc/admins"\n' >>/etc/pgo.toml
install -m 644 /dev/null /etc/admins
no systemctl reload pgod
journalctl -u pgod | grep -q 'not started with --allow-read=/etc/admins: systemctl restart pgod'
cp right.toml /etc/pgo.toml
say 'reload refuses a wrong config and takes a right one'
echo nonsense >>/etc/pgo.toml
no systemctl restart pgod
[[ $(systemctl is-active pgod || true) == failed ]]
page one
cp right.toml /etc/pgo.toml
systemctl restart pgod
say 'a start with a wrong config is not tried again, and takes nothing down'

# --- a pgod that gives no signs of life is started again ---
web=$(container)
# Containers of a user without a systemd lie there.
sleep 1000 &
echo $! >/sys/fs/cgroup/system.slice/pgod.service/cgroup.procs
mkdir -p /run/systemd/system/pgod.service.d
# Its signs come once a minute.
printf '[Service]\nWatchdogSec=1\nRestartSec=1\n' >/run/systemd/system/pgod.service.d/hasty.conf
systemctl daemon-reload
systemctl restart pgod
restarted() { (($(systemctl show --value -p NRestarts pgod) >= 1)); }
soon restarted
journalctl -u pgod | grep -q 'Watchdog timeout'
say 'the watchdog starts it again'
rm -r /run/systemd/system/pgod.service.d
systemctl daemon-reload
systemctl restart pgod
soon ask ping
kill -0 $!
[[ $(container) == "$web" ]]
page one
say 'containers never noticed'

# --- at the next boot users come late ---
mkdir /etc/systemd/system/user-runtime-dir@.service.d
printf '[Service]\nExecStartPre=/bin/sleep 3\n' >/etc/systemd/system/user-runtime-dir@.service.d/late.conf

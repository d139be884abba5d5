#!/bin/bash
# What an admin does with the Debian package, on a fresh Debian that systemd has booted, in a network of its own:
#
#   deb_story.sh come     installs it and runs a service
#   deb_story.sh go       after another boot: upgrades, removes and purges it; then deno task install and uninstall
#
# Prints what was seen, line by line; stops where something is not so, with what the programs said last.
set -eEuo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
cd /root
exec 3>&1 >/tmp/log 2>&1
trap 'trap - ERR
  { echo "line $LINENO: $BASH_COMMAND"; tail -n 30 /tmp/log; journalctl -n 99 -u pgod | grep -v pam_unix; } >&3' ERR

say() { echo "$*" >&3; }
no() { if "$@"; then return 1; fi; }
soon() {
  local tries
  for tries in {1..300}; do "$@" && return; sleep 0.2; done
  return 1
}
page() { [[ $(exec 5<>/dev/tcp/127.0.0.1/5000 && echo -e 'GET / HTTP/1.0\r\n\r' >&5 && tail -n 1 <&5) == "$1" ]]; }
pgod_pid() { systemctl show --value -p MainPID pgod; }
container() { pgrep -f -o '/bin/httpd -f'; }
# As podman does it where it finds the user's systemd: else no limit of a compose file would hold.
in_user_group() { grep -q '/user@[0-9]*\.service/.*libpod-' "/proc/$(container)/cgroup"; }
ask() { pgoctl -i key "127.0.0.1:shop//$1" "${@:2}"; }
push() {
  git -C repo add -A
  git -C repo -c user.name=t -c user.email=t@example.org commit -q -m change
  git -C repo push -q /srv/shop.git HEAD:main
}
# Files with a name like the package's, but for people's caches; Python has one of those.
left() { find / -xdev -not -path '/mnt/*' -not -path '/root/.cache/*' -not -path '/usr/lib/python3*' -name '*pgo*' -prune -print | sort | paste -sd ' '; }

come() {
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
  say 'reload refuses a wrong config and takes a right one'

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
}

go() {
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
}

"$1"

# What the scripts of this folder have in common: they run on a fresh Debian that systemd has booted, in a network of its
# own. Each prints what was seen, line by line, and stops where something is not so, with what the programs said last.
# shellcheck shell=bash
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

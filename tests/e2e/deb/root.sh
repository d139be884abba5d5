#!/bin/bash
# A fresh Debian of this machine's release in a directory, for tests: nothing in it comes from this machine.
#
#   root.sh make ROOT PACKAGE…       debootstraps it, from the mirror that apt uses here
#   root.sh run ROOT DIR PROGRAM…    has it fetch what the packages in DIR depend on, boots it under systemd with
#                                           DIR at /mnt and no network, runs PROGRAM there, and cuts the power;
#                                           when done again, it is the same machine that boots
#
# Mounts, processes and network are in namespaces of their own, which end with it; ROOT is the caller's to remove.
set -euo pipefail
self=$(realpath "$0")

fail() {
  echo "root.sh: $*" >&2
  exit 1
}

# Says nothing while it succeeds; else its last line, as the reason why $1 did not.
quietly() {
  local what=$1 said
  shift
  said=$("$@" 2>&1) || fail "$what: $(tail -n 1 <<<"$said")"
}

# The archives of Debian that apt has here, as lines for sources.list.
archives() {
  apt-get indextargets --format "deb \$(REPO_URI) \$(CODENAME) \$(COMPONENT)" 'Created-By: Packages' 'Origin: Debian' |
    sort -u
}

make() {
  local root=$1 release mirror
  shift
  # shellcheck source=/dev/null
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  [[ -n $(archives) ]] || quietly 'apt-get update' apt-get update -qq
  mirror=$(archives | awk -v release="$release" '$3 == release && $4 == "main" { print $2; exit }')
  [[ -n $mirror ]] || fail "apt knows no mirror of Debian $release here, or could not reach it (apt-get update)"
  mkdir -p "$root/etc/dpkg/dpkg.cfg.d" "$root/etc/systemd/system" "$root/etc/apt"
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
  # They would hold apt's locks, whenever they like.
  ln -s /dev/null "$root/etc/systemd/system/apt-daily.timer"
  ln -s /dev/null "$root/etc/systemd/system/apt-daily-upgrade.timer"
  quietly "debootstrap of $release" unshare -m \
    debootstrap --variant=minbase --include="$(IFS=,; echo "$*")" "$release" "$root" "$mirror"
  rm "$root"/var/cache/apt/archives/*.deb
  archives >"$root/etc/apt/sources.list"
  { apt-config dump | grep -E '^Acquire::(https?::|Check)' || true; } >"$root/etc/apt/apt.conf.d/50machine"
  echo fresh >"$root/etc/hostname"
  echo '127.0.0.1 localhost fresh' >"$root/etc/hosts"
}

fetch() {
  cp /etc/resolv.conf etc/resolv.conf
  quietly 'apt-get update' chroot . apt-get update -qq -o Acquire::Languages=none
  quietly 'apt-get install --download-only' chroot . sh -c \
    'exec apt-get install -qq -y --no-install-recommends --download-only /mnt/*.deb'
}

# What a machine's first steps are, before systemd.
boot() {
  cd "$1"
  ip link set lo up
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount -t cgroup2 cgroup sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs tmpfs tmp
  mount -t tmpfs -o mode=755,nosuid tmpfs dev
  local device
  for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
  done
  mkdir dev/pts dev/shm dev/net
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  mknod -m 666 dev/net/tun c 10 200
  mkdir tmp/machine
  # Not chroot: the kernel lets nobody who is in one make a user namespace.
  pivot_root . tmp/machine
  umount -l /tmp/machine
  rmdir /tmp/machine
  mount --make-rshared /
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd systemd.unified_cgroup_hierarchy=1
}

booted() {
  local state
  for _ in {1..900}; do
    if init=$(pgrep -P "$machine"); then
      state=$("${enter[@]}" "$init" systemctl is-system-running 2>/dev/null) || true
      case $state in running | degraded) return ;; esac
    fi
    kill -0 "$machine" 2>/dev/null || fail 'systemd ended'
    sleep 0.1
  done
  fail "not booted within 90 s: ${state:-systemd does not answer}"
}

run() {
  local root=$1 dir=$2
  shift 2
  cd "$root"
  mount --rbind . .
  cd "$root"
  mount --bind "$dir" mnt
  compgen -G 'var/cache/apt/archives/*.deb' >/dev/null || fetch
  # All of it is in one control group, and ends with it.
  control=$(mktemp -d)
  mount -t cgroup2 cgroup "$control"
  group=$control/pgo-test-$$
  mkdir "$group"
  trap end EXIT
  (
    echo "$BASHPID" >"$group/cgroup.procs"
    exec unshare --mount --pid --net --uts --ipc --cgroup --fork "$self" boot "$root"
  ) </dev/null &
  machine=$!
  disown
  enter=(nsenter -m -p -n -u -i -C -r -w -t)
  booted
  "${enter[@]}" "$init" env -i "$@"
}

end() {
  echo 1 >"$group/cgroup.kill"
  for _ in {1..100}; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [[ -d $group ]] || break
    sleep 0.1
  done
  umount "$control"
  rmdir "$control"
}

case ${1-} in
  make) make "${@:2}" ;;
  # Mounts are seen here only.
  run) exec unshare -m --propagation private "$self" apart "${@:2}" ;;
  apart) run "${@:2}" ;;
  boot) boot "$2" ;;
  *) fail 'usage: root.sh make ROOT PACKAGE… | run ROOT DIR PROGRAM…' ;;
esac

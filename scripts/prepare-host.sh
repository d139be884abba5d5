#!/bin/bash
# Makes a Debian host ready for PGO: rootless Podman, podman-compose, Git, and the users services run as.
#
#   prepare-host.sh [--test] [USER…]
#
#   USER    is created where it does not exist, and made able to run rootless containers
#   --test  also installs what only PGO's own tests need
#
# Run as root on Debian 12 or newer. Safe to repeat: what is there stays as it is, a file an admin wrote
# is never changed, and the network is used only when a package is missing. Where no systemd runs
# (containers, chroots, small virtual machines), /run and /dev are new after each boot: run it again then.
set -euo pipefail

fail() {
  echo "prepare-host.sh: $*" >&2
  exit 1
}

usage='usage: prepare-host.sh [--test] [USER…]'
test_packages=()
users=()
for argument in "$@"; do
  case $argument in
    --test) test_packages=(lintian debootstrap docker-registry caddy nginx-light apache2-utils openssh-server sudo curl
      dropbear-bin putty-tools python3-paramiko ssh-audit tmux) ;;
    -h | --help) echo "$usage" && exit 0 ;;
    [a-z_]*) users+=("$argument") ;;
    *) fail "\"$argument\" is neither an option nor a user name; $usage" ;;
  esac
done

# shellcheck source=/dev/null
distribution=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-99}") || true
case $distribution in
  'debian '[0-9] | 'debian 10' | 'debian 11') fail "Debian 12 or newer is needed, this is ${distribution#* }" ;;
  'debian '*) ;;
  *) fail 'this is not Debian: install podman, podman-compose, git and uidmap as your system does it' ;;
esac
[[ $(id -u) == 0 ]] || fail 'has to run as root (sudo scripts/prepare-host.sh)'

systemd=false
[[ ! -d /run/systemd/system ]] || systemd=true

# --- packages ---------------------------------------------------------------------------------------

install_missing() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ?i* ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "prepare-host.sh: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local said
  said=$(apt-get update -qq 2>&1 && apt-get install -qq -y --no-install-recommends "${missing[@]}" 2>&1) ||
    fail "apt-get: $said"
  # Tests start a registry, an sshd and proxies of their own; Debian's would hold ports 5000, 22 and 80.
  local service
  for service in docker-registry:docker-registry openssh-server:ssh caddy:caddy nginx-light:nginx; do
    if $systemd && [[ " ${missing[*]} " == *" ${service%:*} "* ]]; then
      systemctl disable --quiet --now "${service#*:}"
    fi
  done
}

# Listed one by one because recommended packages are not installed: crun is lighter than runc, uidmap and
# slirp4netns make rootless possible, netavark and aardvark-dns are container networks and their names,
# catatonit is Podman's init, busybox-static the base of the demo's and the tests' images.
login_packages=()
! $systemd || login_packages=(dbus-user-session)
install_missing podman podman-compose crun uidmap slirp4netns netavark aardvark-dns iptables \
  catatonit busybox-static git openssh-client ca-certificates procps iproute2 \
  "${login_packages[@]}" "${test_packages[@]}"

# --- kernel: what udev and systemd do on a full system ----------------------------------------------

for module in tun overlay ip_tables iptable_nat nf_tables; do
  modprobe --quiet "$module" 2>/dev/null || true # built in, or a container's host has it
done
if [[ ! -c /dev/net/tun ]]; then
  mkdir -p /dev/net
  mknod /dev/net/tun c 10 200 || fail '/dev/net/tun is missing and may not be made: containers need it'
fi
for device in /dev/net/tun /dev/fuse; do
  [[ ! -c $device ]] || chmod a+rw "$device"
done

# Both cgroup versions at once, without systemd: crun refuses to start while version 2 holds a controller.
unified=/sys/fs/cgroup/unified/cgroup.controllers
if [[ -r $unified && $(stat -f -c %T /sys/fs/cgroup) == tmpfs ]]; then
  read -r -a controllers <"$unified" || true
  for controller in "${controllers[@]}"; do
    target=/sys/fs/cgroup/$controller
    mountpoint -q "$target" && continue
    mkdir -p "$target"
    mount -t cgroup -o "$controller" "$controller" "$target" || rmdir "$target"
  done
fi

# Rootless Podman warns, and loses mounts, where / is a private mount.
if [[ $(findmnt -n -o PROPAGATION / | tail -n 1) == private ]]; then
  mount --make-rshared / || true
fi

# --- containers' configuration ----------------------------------------------------------------------

# Writes stdin to file $1, unless there is one.
write_new() {
  [[ ! -e $1 ]] || return 0
  mkdir -p "$(dirname "$1")"
  cat >"$1"
}

if ! $systemd; then
  write_new /etc/containers/containers.conf <<'END'
# Written by PGO's prepare-host.sh: this host has no systemd to manage control groups or keep a journal.
[containers]
log_driver = "k8s-file"
log_size_max = 10485760

[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "file"
END
fi
# Before a user's first podman command, which fixes its storage driver: vfs is slower and five times larger.
write_new /etc/containers/storage.conf <<'END'
# Written by PGO's prepare-host.sh.
[storage]
driver = "overlay"
END
# podman-compose gives podman short names such as "nginx"; without this, podman refuses them.
write_new /etc/containers/registries.conf.d/10-pgo.conf <<'END'
# Written by PGO's prepare-host.sh.
unqualified-search-registries = ["docker.io"]
END

# --- users ------------------------------------------------------------------------------------------

# The first id after every range in /etc/subuid and /etc/subgid.
next_subordinate_id() {
  awk -F: -v next_id=100000 '$2 + $3 > next_id { next_id = $2 + $3 } END { print next_id }' \
    /etc/subuid /etc/subgid
}

prepare_user() {
  local user=$1 uid first kind runtime tries
  getent passwd -- "$user" >/dev/null || useradd --create-home --shell /bin/bash "$user"
  uid=$(id -u "$user")
  [[ $uid != 0 ]] || fail "user \"$user\" is root: services run as ordinary users"
  touch /etc/subuid /etc/subgid
  first=$(next_subordinate_id)
  for kind in uid gid; do
    grep -q -E "^($user|$uid):" "/etc/sub$kind" ||
      usermod "--add-sub${kind}s" "$first-$((first + 65535))" "$user"
  done
  runtime=/run/user/$uid
  if $systemd && loginctl enable-linger "$user"; then
    for ((tries = 0; tries < 50; tries++)); do
      [[ ! -d $runtime ]] || return 0
      sleep 0.2
    done
  fi
  install -d -m 755 /run/user
  install -d -m 700 -o "$user" -g "$(id -g "$user")" "$runtime"
}

for user in "${users[@]}"; do
  prepare_user "$user"
done
echo "prepare-host.sh: ready${users[*]:+ for ${users[*]}}"

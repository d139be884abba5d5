#!/bin/bash
# Unpacks the podman-compose of the next Debian release (1.3.0) into a folder, beside the installed one.
#
#   fetch-podman-compose.sh DIR
#
# Leaves DIR/podman-compose, to be found first in a PATH; any user may run it. Nothing is installed and the
# host's apt configuration stays as it is. Does nothing where DIR has it already.
set -euo pipefail

suite=trixie
version=1.3.0
directory=${1:?usage: fetch-podman-compose.sh DIR}
[[ ! -x $directory/podman-compose ]] || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch" # apt downloads as a user of its own
mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"

# The mirror and the key this host already trusts for Debian.
mirror=$(apt-get indextargets --format '$(IDENTIFIER) $(COMPONENT) $(REPO_URI)' |
  awk '$1 == "Packages" && $2 == "main" && $3 !~ /security/ { print $3; exit }')
[[ -n $mirror ]] || { echo 'fetch-podman-compose.sh: apt knows no Debian mirror' >&2; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $mirror $suite main" >"$scratch/sources.list"
options=(
  -qq
  -o "Dir::Etc::SourceList=$scratch/sources.list"
  -o 'Dir::Etc::SourceParts=-'
  -o "Dir::State::Lists=$scratch/lists"
  -o "Dir::Cache=$scratch/cache"
  -o 'Acquire::Languages=none'
)
apt-get "${options[@]}" update
(cd "$scratch" && apt-get "${options[@]}" download "podman-compose=$version-*" 2>"$scratch/said") || {
  cat "$scratch/said" >&2
  exit 1
}
dpkg-deb --extract "$scratch"/podman-compose_*.deb "$scratch/unpacked"

mkdir -p "$directory/lib"
cp "$scratch/unpacked/usr/lib/python3/dist-packages/podman_compose.py" "$directory/lib/"
directory=$(cd "$directory" && pwd)
cat >"$directory/podman-compose.new" <<END
#!/bin/sh
PYTHONPATH="$directory/lib" exec python3 -m podman_compose "\$@"
END
chmod -R a+rX "$directory"
chmod 755 "$directory/podman-compose.new"
mv "$directory/podman-compose.new" "$directory/podman-compose"

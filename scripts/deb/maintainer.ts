/**
 * The scripts that dpkg runs. None fetches anything, and none ends a container.
 * @module
 */

const RUNS = "[ -d /run/systemd/system ]";

/** After unpacking: a config where there is none; a pgod that runs goes on as the new one. */
const POSTINST = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  # Not a conffile: it may hold tokens of repositories, and nobody is asked about it at each upgrade.
  if [ ! -e /etc/pgo.toml ]; then
    install -m 600 /usr/share/pgo/pgo.toml /etc/pgo.toml
  fi
  if ${RUNS}; then
    systemctl daemon-reload
    systemctl try-restart pgod.service || true
  fi
  if [ -z "$2" ]; then
    echo "pgo: run /usr/share/pgo/prepare-host.sh, edit /etc/pgo.toml (or pgod add), then: systemctl enable --now pgod"
  fi
fi
`;

/** Before removal, not before an upgrade: until then the old pgod serves. */
const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && ${RUNS}; then
  systemctl disable --now pgod.service || true
fi
`;

/** Data of services is never removed, not even by a purge. */
const POSTRM = `#!/bin/sh
set -e
if ${RUNS}; then
  systemctl daemon-reload || true
fi
if [ "$1" = purge ]; then
  rm -f /etc/pgo.toml
  rm -rf /var/cache/pgo
  if [ -d /var/lib/pgo ]; then
    echo "pgo: /var/lib/pgo stays, with the data of services"
  fi
fi
`;

/** By their names in the package. */
export const SCRIPTS = { postinst: POSTINST, prerm: PRERM, postrm: POSTRM };

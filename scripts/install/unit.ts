/**
 * pgod's systemd unit: each directive with its reason, and those that must not be there with theirs.
 * @module
 */
import { SIGN } from "../../lib/service/watchdog.ts";

/** The text of pgod.service; all three are absolute paths. */
export function unit(
  { pgod, mayReload, config }: { pgod: string; mayReload: string; config: string },
): string {
  return `[Unit]
Description=Podman Git Operation
Documentation=man:pgod(8)
# Repositories and registries; what is live is started again without them.
Wants=network-online.target
After=network-online.target nss-user-lookup.target
# Services, their data and the ledger lie there, maybe on a disk of their own.
RequiresMountsFor=/var/lib/pgo
# It is never given up on: containers run on meanwhile, and each start tries again.
StartLimitIntervalSec=0

[Service]
# pgod says when it takes connections, and gives signs of life for as long as its ticks come: three may get lost.
Type=notify
# Containers live in pgod's control group where their user has no systemd: only pgod itself may speak for it.
NotifyAccess=main
WatchdogSec=${SIGN * 3 / 1000}
# At a boot: users that linger get a systemd of their own and /run/user/UID, which Podman must not use before. All are
# asked for at once, in one call, and get 15 s together: one whose systemd hangs delays no more than that.
ExecStartPre=-/bin/sh -c 'ls /var/lib/systemd/linger | xargs -r id -u -- | sed "s/.*/user@&.service/" | xargs -r timeout 15 systemctl start'
ExecStart=${pgod} -c ${config} --log-format journal --notify \${NOTIFY_SOCKET}
# A wrong config is told to whoever reloads; pgod would refuse it as well.
ExecReload=${pgod} check -c ${config}
# So is a config that names files this pgod may not read: that needs a restart.
ExecReload=${mayReload} $MAINPID
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
# Exit code 2: the config or the command line is wrong, and will be at the next start.
RestartPreventExitStatus=2

# Containers outlive pgod: neither a stop nor a restart ends them,
KillMode=process
# nor does one of theirs that the kernel ends for want of memory end pgod.
OOMPolicy=continue
# Deployments under way get 60 s to reach their end.
TimeoutStopSec=90
# All processes of such containers count here; each container has a limit of its own.
TasksMax=infinity
# Deno keeps compiled code there and in no home directory.
CacheDirectory=pgo
Environment=DENO_DIR=/var/cache/pgo
# Files of a checkout are read by the users in containers.
UMask=0022

# Programs and the system's configuration are read only, for pgod and for what it starts.
ProtectSystem=full
# But for the file that a reverse proxy imports (caddy_import, nginx_include).
ReadWritePaths=-/etc/caddy -/etc/nginx/conf.d
# Nothing here loads kernel modules or has to read them.
ProtectKernelModules=yes
# Containers of ordinary users get no real-time priority to stop the host with.
RestrictRealtime=yes
# What neither pgod nor what it starts as root needs (ss looks into others' processes, to say who holds a port): raw network, clocks, modules, reboot, …. Containers are not
# concerned: a user namespace begins with all capabilities of its own.
CapabilityBoundingSet=~CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_BLOCK_SUSPEND CAP_BPF CAP_IPC_LOCK CAP_LEASE CAP_LINUX_IMMUTABLE CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_MKNOD CAP_NET_ADMIN CAP_NET_BROADCAST CAP_NET_RAW CAP_PERFMON CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_PACCT CAP_SYS_RAWIO CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_SYSLOG CAP_WAKE_ALARM

# Left out on purpose, since rootless Podman or V8 break:
# NoNewPrivileges, RestrictSUIDSGID: newuidmap and newgidmap are setuid, and so are programs in images.
# ProtectKernelTunables, ProtectKernelLogs, ProtectControlGroups, ProtectProc: they cover parts of /proc and /sys, and
#   the kernel then lets no user namespace mount its own.
# PrivateDevices, DevicePolicy, ProtectClock: networks need /dev/net/tun, overlays /dev/fuse.
# PrivateTmp: services may be allowed to mount directories of the host's /tmp.
# ProtectHome: images and containers lie in the users' homes.
# RestrictNamespaces, ProtectHostname, SystemCallFilter, SystemCallArchitectures, LockPersonality: what containers do.
# PrivateNetwork, RestrictAddressFamilies, IPAddressDeny: what containers talk to.
# MemoryDenyWriteExecute: V8 compiles at run time.

[Install]
WantedBy=multi-user.target
`;
}

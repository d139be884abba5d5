/**
 * What dpkg has to know of the Debian package.
 * @module
 */

/** The Debian packages that a host of PGO needs; scripts/prepare-host.sh installs the same. */
export const DEPENDS = [
  // What Deno is linked with.
  "libc6 (>= 2.27)",
  "libgcc-s1",
  "podman (>= 4.3)",
  "podman-compose (>= 1.0.3)",
  "crun",
  "uidmap",
  "slirp4netns",
  "netavark",
  "aardvark-dns",
  "iptables",
  "catatonit",
  "git",
  "openssh-client",
  "ca-certificates",
  "procps",
  "iproute2",
];

/** Text of the control file; `size` is that of all files, in KiB. */
export function control(
  { version, architecture, size }: { version: string; architecture: string; size: number },
): string {
  return `Package: pgo
Version: ${version}
Architecture: ${architecture}
Maintainer: The PGO maintainers <pgo@localhost>
Installed-Size: ${size}
Depends: ${DEPENDS.join(", ")}
Recommends: systemd, dbus-user-session
Suggests: bash-completion
Section: admin
Priority: optional
Description: GitOps with Podman and Git, without Kubernetes
 pgod follows Git branches and runs their compose files with podman-compose,
 each as a Unix user of its own. pgoctl asks it to do things, over SSH. Who may
 operate a service is decided by the public keys in its repository.
 .
 Debian has no package of Deno, which runs both programs: this package brings
 the one that it was built and tested with, for its own use only.
`;
}

const MIT = `License: Expat
 Permission is hereby granted, free of charge, to any person obtaining a copy
 of this software and associated documentation files (the "Software"), to deal
 in the Software without restriction, including without limitation the rights
 to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 copies of the Software, and to permit persons to whom the Software is
 furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in
 all copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.
`;

/** Text of the copyright file. */
export const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026 The PGO maintainers
License: Expat

Files: usr/lib/pgo/deno
Copyright: 2018-2026 the Deno authors
License: Expat
Comment: Deno is built from many other works, V8 above all; their licences are
 those that its own source lists: https://github.com/denoland/deno

Files: usr/lib/pgo/*.js
Copyright: 2026 The PGO maintainers and the authors of the packages that
 deno.lock names
License: Expat
Comment: ssh2, toml-eslint-parser, valibot, shlex and LogTape are under the
 MIT licence, yaml is under the ISC licence, smol-toml under the
 BSD-3-Clause licence; what ssh2 needs is under the MIT, BSD-3-Clause and
 Unlicense licences.

${MIT}`;

/** Findings of lintian that are meant to be so. */
export const OVERRIDES =
  `# Built from a checkout, by whoever wants it: nobody maintains it in Debian.
pgo: bogus-mail-host *
pgo: bogus-mail-host-in-debian-changelog *
# systemd is optional: each call is behind a test for it.
pgo: maintainer-script-calls-systemctl *
# It can be run by a Deno on the PATH as well; bin/pgoctl does not need that line.
pgo: script-not-executable *usr/lib/pgo/pgoctl.js*
pgo: unusual-interpreter *usr/lib/pgo/pgoctl.js*
# Debian has no Deno: the package brings the one that it was tested with, linked as its authors link it.
pgo: embedded-library *usr/lib/pgo/deno*
pgo: hardening-no-relro *usr/lib/pgo/deno*
pgo: hardening-no-bindnow *usr/lib/pgo/deno*
pgo: hardening-no-fortify-functions *usr/lib/pgo/deno*
# Bundles are written by a program.
pgo: very-long-line-length-in-source-file *
# It was never in Debian, so there is no bug that says it should be.
pgo: initial-upload-closes-no-bugs *
`;

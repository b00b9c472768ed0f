#!/usr/bin/env bash
# Install what the tests need from the distribution: a Samba AD DC (never started as a service), Chromium, MIT Kerberos
# and what compiles its bindings, which have no wheels: hence before the virtual environment.
set -euo pipefail

packages=(samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind python3-samba smbclient ldap-utils
  ldb-tools chromium chromium-driver fonts-dejavu-core krb5-user libkrb5-dev gcc libc6-dev python3-dev)
services=(smbd nmbd winbind samba-ad-dc)
policy=/usr/sbin/policy-rc.d

missing() {
  local package
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

fail() {
  echo "tests/install.sh: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

command -v dpkg-query >/dev/null || fail "not a Debian: install the equivalents of ${packages[*]}, then run pytest"
read -ra wanted <<<"$(missing | tr "\n" " ")"
fresh=$([ -x /usr/sbin/samba ] || echo yes)
if [ ${#wanted[@]} = 0 ] && [ -z "$fresh" ]; then exit 0; fi

[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
  fail "${wanted[*]} must be installed, which needs root or sudo: apt-get install ${wanted[*]}"

# No package may start or enable a service: the tests run their own controllers, and only theirs.
allow_services() { as_root rm -f "$policy"; }
if [ ! -e "$policy" ]; then
  trap allow_services EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
fi

as_root apt-get update -q
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends)
as_root "${install[@]}" "${wanted[@]}"
# From Debian 13 on, the domain controller is a package of its own.
[ -x /usr/sbin/samba ] || as_root "${install[@]}" samba-ad-dc

if [ "$fresh" = yes ] && command -v systemctl >/dev/null; then
  for service in "${services[@]}"; do as_root systemctl disable --quiet "$service" 2>/dev/null || true; done
fi

# Debian packages, for the scripts that build from nothing (examples/run.sh and tests/run.sh source this file). They
# need root, or sudo.

# privileged <command>...: as root.
privileged() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# Once per run is enough.
apt_updated=no
apt_update() {
  [ "$apt_updated" = yes ] || privileged apt-get update -q
  apt_updated=yes
}

# install_packages <package>...: those that are not there yet.
install_packages() {
  local package missing=()
  for package in "$@"; do
    installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "== installing ${missing[*]}"
  apt_update
  privileged env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

#!/bin/bash
# Builds hiper and its examples on Debian 12 (as root, or with sudo for the packages), then shows them at work:
#
#   examples/run.sh          starts nginx on loopback and fetches 10 000 URLs from it, http and https, 200 at a time
#   examples/run.sh URL...   fetches these URLs into files in ./downloads
#
# Builds in ./build, or in $HIPER_BUILD_DIR. The exit status is not 0 if anything failed.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=${HIPER_BUILD_DIR:-$root/build}
requests=10000
. "$root/cmake/packages.sh" || exit 1

packages=(g++ cmake ninja-build pkg-config libssl-dev libc-ares-dev zlib1g-dev libidn2-dev libpsl-dev ca-certificates)
[ $# -gt 0 ] || packages+=(nginx-light openssl)

work=
server=

finish() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
  [ -z "$work" ] || rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

die() {
  echo "examples/run.sh: $*" >&2
  exit 1
}

say() { printf '== %s\n' "$*"; }

# A directory that was configured before keeps its choices.
build_examples() {
  if [ ! -f "$build/build.ninja" ]; then
    say "building in $build"
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF --log-level=WARNING ||
      return 1
  fi
  cmake --build "$build" --target curl simple multi_poll fetch_many
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Nobody listens on it, and the kernel does not give it to others: it is below the ephemeral ports.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)) && listening $port; do :; done
  echo $port
}

prepare_files() {
  work=$(mktemp -d) && chmod 755 "$work" && mkdir "$work/tmp" || return 1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/openssl.log" ||
    { cat "$work/openssl.log"; return 1; }
  for ((line = 0; line < 40; ++line)); do echo "A page of about two thousand bytes: forty lines."; done >"$work/page.html"
}

# Any path gives the same page. The temporary directories are named because only root may write to the usual ones.
write_config() {
  cat >"$work/nginx.conf" <<CONFIG
daemon off;
pid $work/nginx.pid;
error_log stderr warn;
worker_processes auto;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
  access_log off;
  default_type text/html;
  client_body_temp_path $work/tmp/body;
  proxy_temp_path $work/tmp/proxy;
  fastcgi_temp_path $work/tmp/fastcgi;
  uwsgi_temp_path $work/tmp/uwsgi;
  scgi_temp_path $work/tmp/scgi;
  ssl_certificate $work/cert.pem;
  ssl_certificate_key $work/key.pem;
  server {
    listen 127.0.0.1:$http_port backlog=4096;
    listen 127.0.0.1:$https_port ssl backlog=4096;
    root $work;
    location / { try_files /page.html =404; }
  }
}
CONFIG
}

# Waits until both ports answer. False if nginx has ended instead.
server_is_up() {
  until listening "$http_port" && listening "$https_port"; do
    kill -0 "$server" 2>/dev/null || return 1
    sleep 0.05
  done
}

start_server() {
  local nginx
  nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || return 1
  for attempt in 1 2 3; do
    http_port=$(free_port)
    https_port=$(free_port)
    write_config
    "$nginx" -p "$work" -e stderr -c "$work/nginx.conf" 2>"$work/nginx.log" &
    server=$!
    server_is_up && return 0
    server=
  done
  cat "$work/nginx.log"
  return 1
}

fetch_from_server() {
  prepare_files || die "the files to serve cannot be made"
  start_server || die "nginx does not start"
  say "fetching $requests URLs from http://127.0.0.1:$http_port and https://127.0.0.1:$https_port, 200 at a time"
  "$build/examples/fetch_many" -n $requests -c 200 --cacert "$work/cert.pem" \
    "http://127.0.0.1:$http_port/item/{n}" "https://127.0.0.1:$https_port/item/{n}"
}

install_packages "${packages[@]}" || die "the packages cannot be installed"
build_examples || die "the build failed"
if [ $# -gt 0 ]; then
  "$build/examples/fetch_many" "$@"
else
  fetch_from_server
fi

#!/bin/bash
# Builds libcurl.so.4 with g++ and a profile of the benchmark, as distributions build their interpreters: what a
# request executes lies together, what it does not lies elsewhere (docs/decisions/profile-guided-build.md).
#
#   cmake/profiled.sh <build directory> [<cmake option>...]
#
# Needs the packages that tests/run.sh names, which it does not install. `cmake --install <build directory>` follows.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
build=$(cd "$1" && pwd)
shift
# Each is run once. Between them they use what most programs do: reuse, new connections and handles, TLS, poll, bodies.
rows=('keep c=100' 'slow c=100' 'slow c=1000 timeouts' 'fresh c=100' 'new-handle c=100' 'poll c=100' 'https keep c=100'
  'https fresh c=100' 'body 100k')

# stage <record|use> <target> [<cmake option>...]
stage() {
  cmake -S "$root" -B "$build" -G Ninja -Wno-dev --log-level=WARNING -DHIPER_PROFILE="$1" "${@:3}"
  cmake --build "$build" --target "$2"
}

rm -rf "$build/profile"
stage record bench_programs "$@"
chosen=()
for row in "${rows[@]}"; do chosen+=(-k "$row"); done
python3 -B "$root/tests/bench/matrix.py" --build "$build" -r 1 "${chosen[@]}" recorded="$build" | tee "$build/profile.md"
if grep -q '| failed:' "$build/profile.md"; then exit 1; fi
stage use curl "$@"

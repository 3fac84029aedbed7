#!/bin/bash
# Builds hiper and runs its tests on Debian 12, as root or with sudo for the packages.
#
#   tests/run.sh          everything: g++, ASan+UBSan, TSan, clang++, with a profile; the tests of the g++ build come last
#   tests/run.sh quick    g++ only
#
# Builds in ./build, or in $HIPER_BUILD_DIR.
set -u
mode=${1:-full}
root=$(cd "$(dirname "$0")/.." && pwd)
build=${HIPER_BUILD_DIR:-$root/build}
jobs=$(nproc)
failed=()
. "$root/cmake/packages.sh" || exit 1

packages=(g++ cmake ninja-build pkg-config libssl-dev libc-ares-dev zlib1g-dev libidn2-dev libpsl-dev
  libgtest-dev libgmock-dev python3 universal-ctags
  nginx-light curl openssl valgrind libev-dev libevent-dev libglib2.0-dev libuv1-dev
  ca-certificates git python3-pycurl php-cli php-curl)
[ "$mode" = quick ] || packages+=(clang)

say() { printf '\n== %s (%d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

# The example programs of libcurl, which tests/live builds. Images of Debian leave out /usr/share/doc, so that
# installing the package is not enough.
fetch_examples() {
  local target=$build/curl-doc
  [ -d "$target/usr/share/doc/libcurl4/examples" ] && return 0
  say "fetching libcurl4-doc"
  rm -rf "$target" && mkdir -p "$target/download"
  (cd "$target/download" && { apt-get download -q libcurl4-doc || { apt_update && apt-get download -q libcurl4-doc; }; }) &&
    dpkg-deb -x "$target"/download/libcurl4-doc_*.deb "$target" ||
    echo "libcurl4-doc cannot be had: the tests that need it will say so"
}

# configure <directory> <cmake argument>...
configure() {
  local directory=$1
  shift
  say "building $directory"
  cmake -S "$root" -B "$directory" -G Ninja -Wno-dev --log-level=WARNING -DBUILD_TESTING=ON "$@"
}

# compile <directory> <cmake argument>...
compile() { configure "$@" && cmake --build "$1" -j "$jobs"; }

run_tests() {
  say "tests of $1"
  (cd "$1" && ctest --output-on-failure -j2)
}

# The threads of a multi handle are the application's, so of all tests those of tests/threads are the ones that
# ThreadSanitizer has to see. (tests/wire runs in one thread.)
run_tsan() {
  configure "$build/tsan" -DHIPER_SANITIZE=thread -DHIPER_EXAMPLES=OFF &&
    cmake --build "$build/tsan" -j "$jobs" --target threads_test || return 1
  say "tests of $build/tsan"
  timeout 900 "$build/tsan/tests/threads/threads_test" --gtest_brief=1
}

# The build for packages: it behaves like libcurl, and executes no more than the plain one.
run_profiled() {
  say "building $build/profiled"
  "$root/cmake/profiled.sh" "$build/profiled" -DHIPER_WERROR=ON -DHIPER_EXAMPLES=OFF -DHIPER_DISCOVER_TESTS=OFF &&
    cmake --build "$build/profiled" --target live_recorder || return 1
  say "tests of $build/profiled"
  (cd "$build/profiled" && ctest --output-on-failure -R '^(abi/exports|bench/instructions|live/differential)$')
}

install_packages "${packages[@]}" || exit 1
mkdir -p "$build"
fetch_examples
compile "$build" -DHIPER_WERROR=ON || exit 1

if [ "$mode" != quick ]; then
  compile "$build/asan" -DHIPER_SANITIZE=address,undefined && run_tests "$build/asan" || failed+=("asan+ubsan")
  run_tsan || failed+=("tsan")
  compile "$build/clang" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DHIPER_WERROR=ON \
    -DHIPER_SYSTEM_TESTS=OFF -DHIPER_DISCOVER_TESTS=OFF && run_tests "$build/clang" || failed+=("clang")
  run_profiled || failed+=("profiled")
fi

run_tests "$build" || failed+=("g++")
for name in "${failed[@]}"; do echo "FAILED: the $name build or its tests"; done
[ ${#failed[@]} -eq 0 ]

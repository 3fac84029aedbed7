# For the scripts of this folder, which source it: builds the library and the benchmark's programs in ./build, or in
# $HIPER_BUILD_DIR, which is $build then. The packages needed are named at the top of tests/run.sh.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${HIPER_BUILD_DIR:-$root/build}
{
  [ -f "$build/CMakeCache.txt" ] ||
    cmake -S "$root" -B "$build" -G Ninja -Wno-dev --log-level=WARNING -DHIPER_EXAMPLES=OFF || exit 1
  cmake --build "$build" --target bench_programs || exit 1
} >&2

#!/bin/bash
# Measures what a request costs with this library and with others: tests/bench/README.md.
#
#   tests/bench/run.sh [options] [label=libdir ...]      (--help lists the options)
#
# Without libraries: the system's, and the one of ./build or $HIPER_BUILD_DIR, which is built first.
set -eu
. "$(dirname "$0")/build.sh"
exec python3 -B "$root/tests/bench/matrix.py" --build "$build" "$@"

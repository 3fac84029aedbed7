#!/bin/bash
# Measures what a process pays to start with this library and with others: tests/bench/README.md.
#
#   tests/bench/startup.sh [-n processes] [label=libdir ...]
set -eu
. "$(dirname "$0")/build.sh"
exec python3 -B "$root/tests/bench/startup.py" --build "$build" "$@"

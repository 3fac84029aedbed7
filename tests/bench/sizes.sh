#!/bin/bash
# Measures what a request costs as the numbers of transfers in flight and in the queue grow, for the picture that
# plot.py draws: tests/bench/README.md.
#
#   tests/bench/sizes.sh [-r rounds] [-o file.json] [label=libdir ...]
set -eu
. "$(dirname "$0")/build.sh"
exec python3 -B "$root/tests/bench/sizes.py" --build "$build" "$@"

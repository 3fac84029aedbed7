"""What a process pays before it can work with the library: many fresh processes each, taken in turns.

`load` is linked to the library and calls curl_version; `first` makes one transfer from a local server, from
curl_global_init to curl_global_cleanup; `nothing` is a process without the library. startup.sh is how to start it.
"""
import argparse
import collections
import os
import statistics
import sys
import time

import measure
import servers

Case = collections.namedtuple("Case", "program library command")
Cost = collections.namedtuple("Cost", "cpu_us wall_us")


def run_once(case):
    started = time.perf_counter()
    process = os.posix_spawn(case.command[0], case.command, measure.environment(case.library))
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - started
    if status != 0:
        sys.exit(f"{case.program} fails with the library {case.library and case.library.label}")
    return Cost(1e6 * (usage.ru_utime + usage.ru_stime), 1e6 * wall)


def cases(libraries, programs, url):
    yield Case("nothing", None, [f"{programs}/nothing"])
    for program, arguments in (("load", []), ("first", [url])):
        for library in libraries:
            yield Case(program, library, [f"{programs}/{program}", *arguments])


def line(case, costs):
    spent = measure.instructions(case.command, case.library)
    if spent is None:
        sys.exit(f"{case.program} fails under callgrind")
    columns = [case.program, case.library.label if case.library else ""]
    for values in zip(*costs):
        columns += [f"{min(values):.0f}", f"{statistics.median(values):.0f}"]
    return "| " + " | ".join([*columns, f"{sum(spent.values()) / 1e3:.0f}"]) + " |"


def main():
    parser = argparse.ArgumentParser(prog="startup.sh")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("libraries", nargs="*", metavar="label=libdir", help="default: system hiper")
    parser.add_argument("-n", "--processes", type=int, default=200, help="of each kind")
    arguments = parser.parse_args()
    programs = os.path.join(arguments.build, "tests/bench/programs")
    libraries = measure.libraries(arguments.libraries, arguments.build)
    measure.prepare()
    with servers.Servers(programs, nginx=False) as running:
        all_cases = list(cases(libraries, programs, running.places["fast"]))
        costs = collections.defaultdict(list)
        for _ in range(arguments.processes):
            for at, case in enumerate(all_cases):
                costs[at].append(run_once(case))
        print("| process | library | CPU µs, least | median | wall µs, least | median | 1000 instructions |")
        print("|" + " --- |" * 7)
        for at, case in enumerate(all_cases):
            print(line(case, costs[at]), flush=True)


if __name__ == "__main__":
    main()

"""What a request costs as the numbers grow, as the JSON that plot.py draws; sizes.sh is how to start it.

Two series of runs for each library. `in_flight`: transfers in flight, each on a kept connection of its own to a server
5 ms away. `queue`: 100 connections to that server, and beside the 100 transfers that use them so many more that wait
for one. Every transfer that ends is started again, at the end of the queue, so that the queue keeps its length for the
whole count (which is checked), and each of those that wait is served in its turn; adding them comes before the count.
"""
import argparse
import datetime
import json
import os
import platform
import sys

import measure
import servers

IN_FLIGHT = [1, 10, 100, 1000, 5000, 15000]
SPREAD_FROM = 5000  # more connections than this need several addresses, for want of ports
QUEUED = [0, 100, 1000, 10000, 100000]
LIMIT = 100  # connections, for the queue
WINDOW_S = 20  # a run counts for no longer than this
REQUESTS = 40000  # nor more than this; with few in flight 1000 each, which takes about 5 s
WARM_UP = 1000  # of the queue: everybody has been put in place


def requests_for(in_flight):
    return min(REQUESTS, in_flight * 1000)


def in_flight_runs(places):
    """Numbers, with the arguments of the client and those of the floor."""
    for number in IN_FLIGHT:
        url = places["slow_spread"] if number >= SPREAD_FROM else places["slow"]
        counts = ["-c", str(number), "-w", str(number), "-n", str(requests_for(number)), url]
        yield number, ["--steady", "--window-s", str(WINDOW_S), "--body-size", "100", *counts], counts


def queue_runs(places):
    for number in QUEUED:
        counts = ["-c", str(LIMIT + number), "-w", str(WARM_UP), "-n", str(REQUESTS), places["slow"]]
        limit = ["--max-host-conns", str(LIMIT)]
        yield number, ["--steady", "--window-s", str(WINDOW_S), "--body-size", "100", *limit, *counts], None


def checked(result):
    """A run in which fewer were in flight at some time than it stands for has failed."""
    # One has ended and is not yet started again whenever this is looked at.
    if "failed" not in result and result.get("fewest_in_flight", sys.maxsize) < result["concurrency"] - 1:
        return {"failed": f"only {result['fewest_in_flight']} of {result['concurrency']} were in flight"}
    return result


def point(number, runs):
    """A point of the picture. A library that takes too long has none, but the reason."""
    cpu = measure.median(runs, "cpu_us_per_req")
    found = {"x": number, "cpu_us": cpu, "runs": runs}
    if cpu is None:
        found["note"] = runs[-1]["failed"]
    return found


def measure_series(runs, programs, libraries, rounds):
    series = {}
    for number, client, floor in runs:
        commands = [(library.label, [f"{programs}/client", *client], library) for library in libraries]
        if floor is not None:
            commands.append(("raw", [f"{programs}/floor", *floor], None))
        results = {}
        for _ in range(rounds):
            for label, command, library in commands:
                # What takes too long once would take too long again.
                if not any("failed" in one for one in results.get(label, [])):
                    results.setdefault(label, []).append(checked(measure.run(command, library)))
        for label, found in results.items():
            points = series.setdefault(label, [])
            points.append(point(number, found))
            cpu = points[-1]["cpu_us"]
            print(f"{number:8} {label:10} {points[-1]['note'] if cpu is None else f'{cpu:.2f} µs'}",
                  file=sys.stderr, flush=True)
    return series


def main():
    parser = argparse.ArgumentParser(prog="sizes.sh")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("libraries", nargs="*", metavar="label=libdir", help="default: system hiper")
    parser.add_argument("-r", "--rounds", type=int, default=3)
    parser.add_argument("-o", "--output", help="default: sizes.json in the build directory")
    parser.add_argument("-k", "--panel", choices=["in_flight", "queue"], help="only this one")
    arguments = parser.parse_args()
    programs = os.path.join(arguments.build, "tests/bench/programs")
    libraries = measure.libraries(arguments.libraries, arguments.build)
    measure.prepare()
    kinds = {"in_flight": in_flight_runs, "queue": queue_runs}
    with servers.Servers(programs, nginx=False) as running:
        series = {name: measure_series(runs(running.places), programs, libraries, arguments.rounds)
                  for name, runs in kinds.items() if arguments.panel in (None, name)}
    machine = f"{os.cpu_count()} processors, Linux {platform.release()}"
    found = {"date": datetime.date.today().isoformat(), "machine": machine, "limit": LIMIT, **series}
    path = arguments.output or os.path.join(arguments.build, "sizes.json")
    with open(path, "w") as file:
        json.dump(found, file, indent=1)
    print(f"written: {path}", file=sys.stderr)


if __name__ == "__main__":
    main()

"""The rows, measured with each library in turn, and their tables in Markdown; run.sh is how to start it."""
import argparse
import collections
import fnmatch
import json
import os
import random
import re
import shlex
import statistics
import sys

import measure
import rows
import servers

COLUMNS = ["row", "client", "user µs", "sys µs", "CPU µs", "req/s", "CPU/first", "CPU/floor", "connects", "socket cb",
           "timer cb", "actions", "epoll_ctl", "waits", "p50 µs", "p99 µs", "peak kB", "B/idle", "failed runs"]
FLOOR = "raw"


def show(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def per_request(runs, *keys):
    """The median of the sum of `keys`, by request."""
    return measure.median([{"value": sum(one[key] for key in keys) / one["requests"]}
                           for one in measure.good(runs) if keys[0] in one], "value")


def ratio(runs, others):
    """The median of the rounds' own ratios: what the machine does differently from round to round meets both."""
    found = [one["cpu_us_per_req"] / other["cpu_us_per_req"]
             for one, other in zip(runs, others or []) if not {"failed"} & (one.keys() | other.keys())]
    return show(statistics.median(found)) if found else ""


def line(name, label, runs, first, floor):
    """A line of the table: the medians of the good runs. `first` and `floor` are the runs to compare with, if any."""
    good = measure.good(runs)
    if not good:
        return [name, label, f"failed: {runs[0]['failed']}"]
    cpu, speed = measure.median(good, "cpu_us_per_req"), measure.median(good, "req_per_s")
    gigabytes = per_request(good, "bytes") / 1e9
    unit = 1e3 * gigabytes if gigabytes > 1 else 1  # large bodies: milliseconds per GB
    return [
        name, label, show(measure.median(good, "user_us_per_req") / unit),
        show(measure.median(good, "sys_us_per_req") / unit), show(cpu / unit),
        f"{speed * gigabytes:.2f} GB/s" if gigabytes > 1 else show(speed, 0), ratio(runs, first), ratio(runs, floor),
        show(per_request(good, "connects")), show(per_request(good, "socket_cb")),
        show(per_request(good, "timer_cb")), show(per_request(good, "action_fd", "action_timeout")),
        show(per_request(good, "epoll_ctl")), show(per_request(good, "waits"), 3),
        show(measure.median(good, "p50_us"), 0), show(measure.median(good, "p99_us"), 0),
        show(measure.median(good, "peak_rss_kb"), 0), show(measure.median(good, "rss_per_idle") or None, 0),
        str(len(runs) - len(good) or "")]


def print_row(name, results, libraries):
    """`results`: label to runs; those of the floor, if there are any, are labelled FLOOR."""
    first = results[libraries[0].label]
    for label, runs in results.items():
        print("| " + " | ".join(line(name, label, runs, first, results.get(FLOOR))) + " |", flush=True)


def chosen(row, arguments):
    return any(fnmatch.fnmatch(row.name, pattern) for pattern in arguments.rows or ["*"])


def add_round(number, row, places, programs, libraries, results):
    """One run of each, in an order that changes: who follows a program that was busy for long may pay for it."""
    client = [f"{programs}/client", *shlex.split(row.client.format(**places))]
    runs = [(library.label, client, library) for library in libraries]
    if row.floor is not None:
        runs.append((FLOOR, [f"{programs}/floor", *shlex.split(row.floor.format(**places))], None))
    random.Random(number).shuffle(runs)
    for label, command, library in runs:
        results[label].append(measure.run(command, library))


def print_times(arguments, libraries, places):
    """Round after round through all rows, so that a drift of the machine meets all libraries and all rows."""
    wanted = [row for row in rows.ROWS if chosen(row, arguments)]
    labels = [library.label for library in libraries]
    results = [{label: [] for label in labels + [FLOOR] * (row.floor is not None)} for row in wanted]
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        for row, found in zip(wanted, results):
            add_round(number, row, places, arguments.programs, libraries, found)
    if arguments.raw:
        with open(arguments.raw, "a") as file:
            for row, found in zip(wanted, results):
                file.write(json.dumps({"row": row.name, "results": found}) + "\n")
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS))
    for row, found in zip(wanted, results):
        print_row(row.name, found, libraries)


def instructions_per_request(row, library, places, programs):
    """By (object, function): what `row.requests` more requests cost, each. None if a run fails."""
    arguments = shlex.split(row.client.format(**places))
    spent = []
    for requests in (row.requests, 2 * row.requests):
        command = [f"{programs}/client", "-n", str(requests), *arguments]
        spent.append(measure.instructions(command, library))
    if None in spent:
        return None
    spent[1].subtract(spent[0])
    return {place: count / row.requests for place, count in spent[1].items()}


def print_instructions(arguments, libraries, places):
    print("| row | client | instructions | by object |\n|" + " --- |" * 4, flush=True)
    for row in rows.COUNTED_ROWS:
        for library in libraries if chosen(row, arguments) else []:
            each = instructions_per_request(row, library, places, arguments.programs)
            if each is None:
                print(f"| {row.name} | {library.label} | failed |", flush=True)
                continue
            objects = collections.Counter()
            for (place, _), count in each.items():
                objects[re.sub(r"\.so.*", "", place)] += count
            parts = ", ".join(f"{name} {count:.0f}" for name, count in objects.most_common(6) if count >= 1)
            total = sum(each.values())
            print(f"| {row.name} | {library.label} | {total:.0f} | {parts} |", flush=True)
            for (place, function), count in sorted(each.items(), key=lambda item: -item[1])[:arguments.functions]:
                print(f"    {count:9.1f} {100 * count / total:5.1f}%  {function} [{place}]")


def main():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("libraries", nargs="*", metavar="label=libdir", help="default: system hiper")
    parser.add_argument("-r", "--rounds", type=int, default=5)
    parser.add_argument("-k", "--rows", action="append", help="only the rows that match this glob, or another -k")
    parser.add_argument("--raw", help="append the JSON of every run to this file")
    parser.add_argument("--instr", action="store_true", help="count instructions with callgrind instead")
    parser.add_argument("-f", "--functions", type=int, default=0, help="with --instr: show so many functions")
    arguments = parser.parse_args()
    arguments.programs = os.path.join(arguments.build, "tests/bench/programs")
    libraries = measure.libraries(arguments.libraries, arguments.build)
    measure.prepare()
    with servers.Servers(arguments.programs) as running:
        (print_instructions if arguments.instr else print_times)(arguments, libraries, running.places)


if __name__ == "__main__":
    main()

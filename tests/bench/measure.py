"""Runs the programs of the benchmark with one library or another, and reads what they say."""
import collections
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile

RUN_LIMIT_S = 60  # a run that takes longer has hung
INSTRUCTIONS_LIMIT_S = 900

Library = collections.namedtuple("Library", "label directory")


def system_directory():
    """Where the dynamic linker finds the system's libcurl.so.4."""
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    found = re.search(r"^\s*libcurl\.so\.4 .*=> (.*)/libcurl\.so\.4$", listing, re.M)
    if not found:
        sys.exit("the system has no libcurl.so.4 (Debian: package libcurl4)")
    return found.group(1)


def libraries(arguments, build):
    """From label=directory arguments; without any, the system's library and the one of `build`."""
    found = []
    for argument in arguments or ["system", "hiper"]:
        label, given, directory = argument.partition("=")
        if not given:
            if label not in ("system", "hiper"):
                sys.exit(f"{argument}: should be label=directory, or one of the words system and hiper")
            directory = system_directory() if label == "system" else build
        if not os.path.exists(os.path.join(directory, "libcurl.so.4")):
            sys.exit(f"no libcurl.so.4 in {directory}")
        found.append(Library(label, os.path.abspath(directory)))
    return found


def environment(library=None):
    """The programs are told which library to load, and nothing that changes what they do."""
    names = ("LD_LIBRARY_PATH", "LD_PRELOAD", "SSL_CERT_FILE", "SSL_CERT_DIR")
    result = {name: value for name, value in os.environ.items()
              if name not in names and not name.lower().endswith("_proxy")}
    if library is not None:
        result["LD_LIBRARY_PATH"] = library.directory
    return result


def prepare():
    """To be called first: enough descriptors, and an orderly end when we are told to end."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))


def run(command, library=None, limit_s=RUN_LIMIT_S):
    """The JSON that `command` writes; {"failed": why} if something is wrong with the run."""
    try:
        done = subprocess.run(command, env=environment(library), timeout=limit_s, capture_output=True)
        text, status = done.stdout, done.returncode
        why = done.stderr.decode(errors="replace").strip() or f"status {status}"
    except subprocess.TimeoutExpired as expired:
        text, status, why = expired.stdout or b"", 0, f"not within {limit_s} s"
    try:
        result = json.loads(text)  # there already if only the cleaning up takes too long
    except ValueError:
        return {"failed": why}
    return {"failed": why} if status != 0 or result["errors"] else result


def instructions(command, library, extra=()):
    """Instructions by (object, function) of a run under callgrind; None if it fails."""
    with tempfile.NamedTemporaryFile(suffix=".callgrind") as out:
        valgrind = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out.name}", *extra]
        done = subprocess.run([*valgrind, *command], env=environment(library), timeout=INSTRUCTIONS_LIMIT_S,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
        annotated = subprocess.run(
            ["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no", out.name],
            capture_output=True, text=True).stdout
    return by_function(annotated)


def by_function(annotated):
    """(object, function) to instructions, from the lines of callgrind_annotate, which leaves out the object of what was
    inlined from another file."""
    lines = re.findall(r"^\s*([\d,]+)\s+\S+?:(.+?)(?: \[(/[^\]]*)\])?$", annotated, re.M)
    objects = {function: os.path.basename(path) for _, function, path in lines if path}
    spent = collections.Counter()
    for count, function, _ in lines:
        spent[objects.get(function, "other"), function] += int(count.replace(",", ""))
    return spent


def good(runs):
    return [one for one in runs if "failed" not in one]


def median(runs, key):
    values = [one[key] for one in good(runs) if key in one]
    return statistics.median(values) if values else None

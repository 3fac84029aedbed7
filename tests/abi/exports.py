"""The shared library has every function of the interface, and shows nothing else."""

import argparse
import subprocess

from compiler import finish, table


def dynamic_symbols(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0]: line.split()[-2] for line in out.splitlines() if line.split()[-2] != "A"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    shown = dynamic_symbols(parser.parse_args().library)
    wanted = {row["name"] for row in table("functions")}
    failures = [f"missing: {name}" for name in sorted(wanted - set(shown))]
    failures += [f"should not be seen: {name}" for name in sorted(set(shown) - wanted)]
    finish(failures, len(wanted | set(shown)))


if __name__ == "__main__":
    main()

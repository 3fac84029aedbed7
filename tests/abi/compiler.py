"""Runs the compilers on generated sources. Used by all tests in this folder."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

FACTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "facts")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--include", required=True, help="the folder that holds curl/curl.h")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cxx", default="c++")
    return parser.parse_args()


def c_compilers(args):
    """The one of the build, and others that are installed."""
    return unique([args.cc, "gcc", "clang"])


def cxx_compilers(args):
    return unique([args.cxx, "g++", "clang++"])


def unique(names):
    found = {}
    for name in names:
        path = shutil.which(name)
        if path:
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def is_gcc(compiler):
    macros = subprocess.run([compiler, "-dM", "-E", "-x", "c", os.devnull], capture_output=True, text=True).stdout
    return "__clang__" not in macros


def compile_source(compiler, source, flags, include, language):
    """Compiles to an object that is thrown away. Answers (exit status, messages)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler, "-I" + include, "-x", language, *flags, "-c", "-", "-o", os.path.join(folder, "out.o")]
        done = subprocess.run(command, input=source, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
        return done.returncode, done.stderr


def table(name):
    """The rows of a facts table, as dictionaries."""
    with open(os.path.join(FACTS, name + ".tsv"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    head = lines[0].split("\t")
    rows = []
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) != len(head):
            sys.exit(f"{name}.tsv: {len(cells)} cells instead of {len(head)}: {line}")
        rows.append(dict(zip(head, cells)))
    return rows


def finish(failures, checks):
    for failure in failures:
        print("FAILED", failure)
    print(f"{checks} checks, {len(failures)} failed")
    sys.exit(1 if failures or not checks else 0)

"""Arguments of the wrong type are warned about in C, and only those; nothing of this exists in C++.

The cases are in typecheck_cases.tsv. Each is a function of its own, so that a warning tells which case it is about.
"""

import os
import re

from compiler import arguments, c_compilers, compile_source, cxx_compilers, finish

HEAD = "#include <curl/curl.h>\nstruct thing;\nstruct ssl_ctx_st;\n"


def cases():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "typecheck_cases.tsv")
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file][1:]


def source_of(rows):
    out = [HEAD]
    for number, (_, declarations, call) in enumerate(rows):
        declarations = re.sub(r"\bf\(", f"f{number}(", declarations)
        call = re.sub(r"\bf\)", f"f{number})", call)
        out.append(f"CURLcode case_{number}(CURL *c, CURLM *m, CURLSH *s);\n"
                   f"CURLcode case_{number}(CURL *c, CURLM *m, CURLSH *s)\n"
                   f"{{ {declarations} (void)c; (void)m; (void)s; {call}; return CURLE_OK; }}\n")
    return "".join(out)


def warned_about(rows, messages):
    """The numbers of the cases that a compiler complained about, by the place of the call in the source."""
    first, found = HEAD.count("\n") + 3, set()
    for line in re.findall(r"<stdin>:(\d+):", messages):
        if (int(line) - first) % 3 == 0 and int(line) >= first:
            found.add((int(line) - first) // 3)
    for number in re.findall(r"[Ii]n function .case_(\d+).:\n(?=.*warning)", messages):
        found.add(int(number))
    return found


def check(compiler, flags, rows, include):
    status, messages = compile_source(compiler, source_of(rows), flags, include, "c")
    if status:
        return [f"{compiler} {flags}: does not compile\n{messages[:2000]}"]
    warned = warned_about(rows, messages)
    wrong = []
    for number, (verdict, declarations, call) in enumerate(rows):
        if (number in warned) != (verdict == "bad"):
            told = "warning" if number in warned else "no warning"
            wrong.append(f"{compiler} {' '.join(flags)}: {told} for: {declarations} {call}")
    return wrong


def main():
    args = arguments()
    rows, failures, checks = cases(), [], 0
    for compiler in c_compilers(args):
        for flags in (["-O0", "-std=c99"], ["-O2", "-std=c99"], ["-O2", "-std=c89"]):
            failures += check(compiler, [*flags, "-Wall", "-Wextra", "-pedantic"], rows, args.include)
            checks += len(rows)
        quiet = [["good", *row[1:]] for row in rows]
        failures += check(compiler, ["-O2", "-DCURL_DISABLE_TYPECHECK"], quiet, args.include)
        checks += len(rows)
    for compiler in cxx_compilers(args):
        good = [row for row in rows if row[0] == "good" and "f(" not in row[1]]
        source = source_of(good)
        status, messages = compile_source(compiler, source, ["-std=c++11", "-Wall", "-Wextra", "-Werror"],
                                          args.include, "c++")
        checks += 1
        if status:
            failures.append(f"{compiler}\n{messages[:2000]}")
    finish(failures, checks)


if __name__ == "__main__":
    main()

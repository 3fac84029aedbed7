"""The headers agree with every row of the facts tables."""

from compiler import arguments, c_compilers, compile_source, cxx_compilers, finish, table
import facts_source



def sources():
    """(what, language, source) of everything there is to check."""
    yield "constants", "c", facts_source.constants(table("constants"))
    yield "enum types", "c++", facts_source.enum_types(table("constants"))
    yield "options", "c", facts_source.options(table("options"))
    yield "structs", "c", facts_source.structs(table("structs"))
    yield "member types", "c++", facts_source.struct_types(table("structs"))
    yield "functions", "c", facts_source.functions(table("functions"))
    yield "callbacks", "c", facts_source.callbacks(table("callbacks"))


def main():
    args = arguments()
    failures, checks = [], 0
    for what, language, source in sources():
        compilers = c_compilers(args) if language == "c" else cxx_compilers(args)
        for compiler in compilers:
            for mode in ([], ["-DCURL_STRICTER"]):
                std = "-std=gnu99" if language == "c" else "-std=c++11"
                status, messages = compile_source(compiler, source, ["-w", std, *mode], args.include, language)
                checks += 1
                if status:
                    failures.append(f"{what} {compiler} {mode}\n{messages[:3000]}")
    finish(failures, checks)


if __name__ == "__main__":
    main()

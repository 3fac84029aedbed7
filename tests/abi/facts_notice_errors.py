"""The test of the facts can fail: with one fact of each kind changed, nothing compiles."""

from compiler import arguments, compile_source, finish, table
import facts_source


def change(rows, key, match, column, value):
    changed = [dict(row) for row in rows]
    row = next(r for r in changed if all(r[k] == v for k, v in zip(key, match)))
    row[column] = value
    return changed


def sources():
    constants, structs = table("constants"), table("structs")
    for name, value in (("CURLE_OK", "1"), ("CURLOPT_URL", "10003"), ("CURLAUTH_ANY", "-17"), ("CURLWS_PONG", "65")):
        yield name, "c", facts_source.constants(change(constants, ["name"], [name], "value", value))
    yield "no macro", "c", facts_source.constants(change(constants, ["name"], ["CURLOPT"], "name", "CURLOPT_"))
    yield "no name", "c", facts_source.constants(change(constants, ["name"], ["CURLE_OK"], "name", "CURLE_FINE"))
    yield "enum", "c++", facts_source.enum_types(change(constants, ["name"], ["CURLE_OK"], "name", "CURLUSESSL_LAST + 0"))
    yield "option id", "c", facts_source.options(change(table("options"), ["name"], ["CURLOPT_HSTS"], "id", "10299"))
    yield "option type", "c", facts_source.options(change(table("options"), ["name"], ["CURLOPT_HSTS"], "type", "LONG"))
    key, match = ["struct", "field"], ["curl_header", "amount"]
    for column, value in (("offset", "20"), ("size", "4"), ("struct_size", "40")):
        yield column, "c", facts_source.structs(change(structs, key, match, column, value))
    yield "member type", "c++", facts_source.struct_types(change(structs, key, match, "declaration", "long amount"))
    functions, name = table("functions"), "curl_url_get"
    yield "result", "c", facts_source.functions(change(functions, ["name"], [name], "returns", "CURLcode"))
    yield "parameters", "c", facts_source.functions(change(functions, ["name"], [name], "parameters", "const CURLU *u"))
    yield "no function", "c", facts_source.functions(change(functions, ["name"], [name], "name", "curl_url_take"))
    callbacks = table("callbacks")
    name = "curl_seek_callback"
    yield "callback", "c", facts_source.callbacks(change(callbacks, ["name"], [name], "parameters", "void *x, long y"))
    name = "curl_ssls_export_cb"
    yield "callback kind", "c", facts_source.callbacks(change(callbacks, ["name"], [name], "kind", "pointer"))


def main():
    args = arguments()
    failures, checks = [], 0
    for what, language, source in sources():
        compiler, std = (args.cc, "-std=gnu99") if language == "c" else (args.cxx, "-std=c++11")
        status, _ = compile_source(compiler, source, ["-w", std], args.include, language)
        checks += 1
        if not status:
            failures.append(f"compiles although wrong: {what}")
    finish(failures, checks)


if __name__ == "__main__":
    main()

"""Turns the facts tables into C and C++ sources that compile only if the headers agree with them."""

import re

# Macros that exist only on other systems, or that programs define themselves.
NOT_HERE = {"CURL_HAS_DECLSPEC_ATTRIBUTE", "CURL_PULL_SYS_POLL_H", "CURL_STRICTER"}

# Their values in the table are addresses of strings.
STRINGS = {"LIBCURL_COPYRIGHT", "LIBCURL_TIMESTAMP", "LIBCURL_VERSION"}

# The type of the enumerators that start so; the longest start that fits counts.
ENUMS = {
    "CURLE_": "CURLcode", "CURLPX_": "CURLproxycode", "CURLM_": "CURLMcode", "CURLSHE_": "CURLSHcode",
    "CURLUE_": "CURLUcode", "CURLHE_": "CURLHcode", "CURL_FORMADD_": "CURLFORMcode", "CURLSTS_": "CURLSTScode",
    "CURLOPT_": "CURLoption", "CURLMOPT_": "CURLMoption", "CURLSHOPT_": "CURLSHoption", "CURLINFO_": "CURLINFO",
    "CURLFORM_": "CURLformoption", "CURLMINFO_": "CURLMinfo_offt", "CURLMSG_": "CURLMSG", "CURLOT_": "curl_easytype",
    "CURLUPART_": "CURLUPart", "CURLVERSION_": "CURLversion", "CURLSSLBACKEND_": "curl_sslbackend",
    "CURLSSLSET_": "CURLsslset", "CURLPROXY_": "curl_proxytype", "CURLUSESSL_": "curl_usessl",
    "CURLFTPSSL_": "curl_usessl", "CURLFTPSSL_CCC_": "curl_ftpccc", "CURLFTPAUTH_": "curl_ftpauth",
    "CURLFTP_CREATE_DIR": "curl_ftpcreatedir", "CURLFTPMETHOD_": "curl_ftpmethod",
    "CURL_TIMECOND_": "curl_TimeCond", "CURLCLOSEPOLICY_": "curl_closepolicy", "CURLSOCKTYPE_": "curlsocktype",
    "CURLIOCMD_": "curliocmd", "CURLIOE_": "curlioerr", "CURLFILETYPE_": "curlfiletype",
    "CURL_LOCK_DATA_": "curl_lock_data", "CURL_LOCK_ACCESS_": "curl_lock_access", "CURLKHTYPE_": "curl_khtype",
    "CURLKHSTAT_": "curl_khstat", "CURLKHMATCH_": "curl_khmatch", "CURL_NETRC_": "CURL_NETRC_OPTION",
    "CURL_TLSAUTH_": "CURL_TLSAUTH",
}
# Messages of the debug callback share their prefix with the infos.
INFOTYPES = {"CURLINFO_" + n for n in ("TEXT", "HEADER_IN", "HEADER_OUT", "DATA_IN", "DATA_OUT", "SSL_DATA_IN",
                                       "SSL_DATA_OUT", "END")}
PLAIN_NUMBERS = {"CURLE_ALREADY_COMPLETE", "CURLOPT_CLOSEPOLICY", "CURLOPT_WRITEINFO", "CURLOT_FLAG_ALIAS"} | {
    "CURLINFO_" + n for n in ("STRING", "LONG", "DOUBLE", "SLIST", "PTR", "SOCKET", "OFF_T", "MASK", "TYPEMASK")}

CHECK = '#define CHECK(name, condition) typedef char check_##name[(condition) ? 1 : -1]\n'


def constants(rows):
    out = ["#include <curl/curl.h>\n", CHECK]
    for row in rows:
        name, value = row["name"], row["value"]
        if row["removed"] or name in NOT_HERE:
            continue
        if name in STRINGS:
            out.append(f'CHECK({name}, sizeof({name} "") > 1);\n')
        elif value == "":
            out.append(f"#ifndef {name}\n#error {name} is missing\n#endif\n")
        else:
            out.append(f"CHECK({name}, (long long)({name}) == {value}LL);\n")
    out.append('CHECK(version, sizeof(LIBCURL_VERSION) == sizeof("8.22.0"));\n')
    return "".join(out)


def options(rows):
    out = ["#include <curl/curl.h>\n", CHECK]
    base = {"LONG": 0, "VALUES": 0, "OFF_T": 30000, "BLOB": 40000, "FUNCTION": 20000}
    for row in rows:
        name, low = row["name"], base.get(row["type"], 10000)
        out.append(f"CHECK({name}, {name} == {row['id']});\n")
        out.append(f"CHECK({name}_type, {name} >= {low} && {name} < {low} + 10000);\n")
    return "".join(out)


def enum_of(name):
    if name in INFOTYPES:
        return "curl_infotype"
    if name in PLAIN_NUMBERS or name.startswith("CURLOPTTYPE"):
        return None
    fits = [start for start in ENUMS if name.startswith(start)]
    return ENUMS[max(fits, key=len)] if fits else None


def enum_types(rows):
    """C++: every enumerator belongs to its enum."""
    out = ["#include <curl/curl.h>\n#include <type_traits>\n"]
    for row in rows:
        enum = enum_of(row["name"])
        if enum and row["value"] != "" and not row["removed"]:
            out.append(f'static_assert(std::is_same<decltype({row["name"]}), enum_{enum}>::value, "");\n')
    names = sorted(set(ENUMS.values()) | {"curl_infotype"})
    return out[0] + "".join(f"using enum_{n} = {tag(n)}{n};\n" for n in names) + "".join(out[1:])


def tag(name):
    return "enum " if name in ("CURL_TLSAUTH", "CURL_NETRC_OPTION") else ""


def structs(rows):
    out = ["#include <curl/curl.h>\n#include <stddef.h>\n", CHECK]
    for row in rows:
        name, field = row["struct"], row["field"]
        label = f"{name}_{field}"
        out.append(f"CHECK({label}_whole, sizeof(struct {name}) == {row['struct_size']});\n")
        if row["offset"]:
            out.append(f"CHECK({label}_at, offsetof(struct {name}, {field}) == {row['offset']});\n")
            out.append(f"CHECK({label}_size, sizeof(((struct {name} *)0)->{field}) == {row['size']});\n")
    return "".join(out)


def struct_types(rows):
    """C++: every member has the type of the table."""
    out = ["#include <curl/curl.h>\n#include <type_traits>\n"]
    for row in rows:
        name, field, declaration = row["struct"], row["field"], row["declaration"]
        if not row["offset"] or declaration.split()[0] in ("union",) or declaration == "struct " + field:
            continue
        kind = re.sub(rf"\b{field}\b(?=(\[\d+\])?$)", "", declaration)
        out.append(f'static_assert(std::is_same<decltype({name}::{field}), {kind}>::value, "{name} {field}");\n')
    return "".join(out)


def functions(rows):
    """A second declaration must be compatible with the first."""
    out = ["#include <curl/curl.h>\n#include <stdarg.h>\n"]
    for row in rows:
        out.append(f"extern {row['returns']} (({row['name']}))({row['parameters']});\n")
    # A declaration alone would also be accepted for a function that the headers lack.
    for row in rows:
        out.insert(1, f"typedef __typeof__(({row['name']})) exists_{row['name']};\n")
    return "".join(out)


def callbacks(rows):
    out = ["#include <curl/curl.h>\n"]
    for row in rows:
        star = "*" if row["kind"] == "pointer" else ""
        out.append(f"extern {row['name']} {'*' if not star else ''}a_{row['name']};\n")
        out.append(f"extern {row['returns']} (*a_{row['name']})({row['parameters']});\n")
    return "".join(out)

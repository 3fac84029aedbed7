#!/bin/bash
# Runs one example program against the servers of serve.py and checks what it says and writes.
#
#   serve.py examples_test.sh TEST PROGRAM-DIRECTORY
set -u
test=$1
programs=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
  echo "FAILED: $*"
  for file in out err; do echo "-- $file"; cat "$file"; done
  exit 1
}

# run <expected exit status> <program> [argument]...
run() {
  local expected=$1 program=$2
  shift 2
  "$programs/$program" "$@" >out 2>err
  local status=$?
  [ $status = "$expected" ] || fail "$program $* ended with $status, not $expected"
}

# says <file> <line, as an extended regular expression>
says() { grep -qxE "$2" "$1" || fail "no line \"$2\" in $1"; }

# holds <file> <content>
holds() { [ "$(cat "$1")" = "$2" ] || fail "$1 does not hold \"$2\""; }

test_simple() {
  run 0 simple "$HTTP_URL/some/page?x=1"
  holds out '/some/page?x=1'
  run 0 simple "$HTTP_URL/redirect/3"
  holds out /redirect/0
  run 1 simple "$HTTP_URL/status/404"
  run 2 simple
}

test_multi_poll() {
  run 0 multi_poll "$HTTP_URL/bytes/100000" "$HTTP_URL/bytes/7" "$HTTP_URL/slow/50"
  says out "$HTTP_URL/bytes/100000: .*, 100000 bytes"
  says out "$HTTP_URL/bytes/7: .*, 7 bytes"
  says out "$HTTP_URL/slow/50: .*, 9 bytes"
  run 1 multi_poll "$HTTP_URL/a" "$HTTP_URL/status/500"
}

test_fetch_many() {
  run 0 fetch_many -n 10000 --cacert "$CA_FILE" "$HTTP_URL/item/{n}" "$HTTPS_URL/item/{n}"
  says out 'requests     10000, 0 failed'
  says out "bytes        $(for n in {1..10000}; do echo "/item/$n"; done | wc -c)"
  says out 'connections  [0-9]{2,3} new'
  holds err ''
  run 0 fetch_many -n 2000 -c 1000 "$HTTP_URL/bytes/3000"
  says out 'bytes        6000000'
  printf '# two\n\n %s/one\r\n%s/two\n' "$HTTP_URL" "$HTTP_URL" >list
  run 0 fetch_many -i - <list
  says out 'requests     2, 0 failed'
  says out 'bytes        10'
}

test_fetch_many_files() {
  run 0 fetch_many "$HTTP_URL/a/b.html" "$HTTP_URL/a/b.html" "$HTTP_URL/../../x" "$HTTP_URL/%2e%2e/y" "$HTTP_URL/" \
    "$HTTP_URL/bytes/0" "$HTTP_URL/q?a=../b&c=d" "http://user:secret@${HTTP_URL#http://}/$(printf 'z%.0s' {1..300})"
  [ "$(ls downloads | wc -l)" = 8 ] || fail "not eight files: $(ls downloads)"
  [ "$(ls | sort | xargs)" = "downloads err out" ] || fail "files elsewhere: $(ls)"
  holds downloads/127.0.0.1_a_b.html /a/b.html
  holds downloads/127.0.0.1_a_b.html.1 /a/b.html
  holds downloads/127.0.0.1_index.html /
  holds downloads/127.0.0.1_bytes_0 ''
  holds downloads/127.0.0.1_q_a=.._b_c=d '/q?a=../b&c=d'
  [ -z "$(ls downloads | grep secret)" ] || fail "a password in a file name"
  run 1 fetch_many -o other "$HTTP_URL/good" "$HTTP_URL/status/404" http://127.0.0.1:1/
  [ "$(ls other)" = 127.0.0.1_good ] || fail "files of failed transfers: $(ls other)"
}

test_fetch_many_failures() {
  run 1 fetch_many -n 30 "$HTTP_URL/status/404" http://127.0.0.1:1/ "$HTTP_URL/good"
  says out 'requests     30, 20 failed'
  says out ' +10 x error 22: .*'
  says out ' +10 x error 7: .*'
  says out ' +10 x HTTP status 404'
  run 1 fetch_many -n 3 "$HTTPS_URL/"
  says out ' +3 x error 60: .*'
  run 0 fetch_many -n 3 --insecure "$HTTPS_URL/"
  run 1 fetch_many -n 3 --timeout 0.1 "$HTTP_URL/slow/5000"
  says out ' +3 x error 28: .*'
  run 1 fetch_many -n 2 ftp://127.0.0.1/ "http://127.0.0.1:port/"
  says out ' +1 x error 1: .*'
  says out ' +1 x error 3: .*'
  run 2 fetch_many
  run 2 fetch_many -c 0 "$HTTP_URL"
  run 2 fetch_many -i list "$HTTP_URL"
  run 2 fetch_many --timeout soon "$HTTP_URL"
  run 1 fetch_many -i /nonexistent
  run 1 fetch_many -i /dev/null
  run 1 fetch_many -o /dev/null/x "$HTTP_URL"
}

"test_$test"

# Programs that were linked against a distribution's library run with this one, whatever name and version node that
# library had. The libraries to link against are stand-ins which export the same names.
program() { # <node, or "none"> <file name of the library>
  directory="$WORK/stand-in-$1"
  rm -rf "$directory"
  mkdir -p "$directory"
  sed -n 's/^\(curl_[a-z0-9_]*\).*/void \1(void); void \1(void) {}/p' "$EXPORTS" > "$directory/stand-in.c"
  script=""
  if [ "$1" != none ]; then
    echo "$1 { global: curl_*; local: *; };" > "$directory/map"
    script="-Wl,--version-script=$directory/map"
  fi
  "$CC" -shared -fPIC -fno-builtin -Wl,-soname,"$2" $script -o "$directory/$2" "$directory/stand-in.c"
  "$CC" -I"$PREFIX/include" -o "$directory/program" "$HERE/consumer.c" "$directory/$2"
  answer=$(LD_LIBRARY_PATH="$LIBDIR" LD_BIND_NOW=1 "$directory/program" 2> "$directory/errors") ||
    { echo "$1, $2:"; cat "$directory/errors"; exit 1; }
  [ "$answer" = "$VERSION" ]
  if grep -q "version" "$directory/errors"; then cat "$directory/errors"; exit 1; fi
}
program CURL_OPENSSL_4 libcurl.so.4
program CURL_OPENSSL_3 libcurl.so.4
program CURL_GNUTLS_3 libcurl-gnutls.so.4
program CURL_GNUTLS_4 libcurl-gnutls.so.4
program CURL_NSS_3 libcurl-nss.so.4
program none libcurl.so.4

"$CC" -I"$PREFIX/include" -o "$WORK/sslset" "$HERE/sslset.c" -ldl
LD_LIBRARY_PATH="$LIBDIR" "$WORK/sslset" || { echo "curl_global_sslset answers wrongly under some version"; exit 1; }

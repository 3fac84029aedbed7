# The library, libcurl.pc, curl-config and the CMake package name the same protocols and features.
words() { tr ' ;' '\n\n' | grep -v '^$' | sort | tr '\n' ' '; }
"$CC" -o "$WORK/capabilities" -I"$PREFIX/include" "$HERE/capabilities.c" -L"$LIBDIR" -lcurl
LD_LIBRARY_PATH="$LIBDIR" "$WORK/capabilities" > "$WORK/capabilities.txt"
protocols=$(sed -n 1p "$WORK/capabilities.txt" | words)
features=$(sed -n 2p "$WORK/capabilities.txt" | words)
[ -n "$protocols" ] && [ -n "$features" ]

same() { # <who says it> <said> <what the library says>
  [ "$2" = "$3" ] || { printf '%s: %s\nlibrary: %s\n' "$1" "$2" "$3"; exit 1; }
}
export PKG_CONFIG_PATH="$LIBDIR/pkgconfig"
same libcurl.pc "$("$PKG_CONFIG" --variable=supported_protocols libcurl | tr -d '"' | words)" "$protocols"
same libcurl.pc "$("$PKG_CONFIG" --variable=supported_features libcurl | tr -d '"' | words)" "$features"
same curl-config "$("$PREFIX/bin/curl-config" --protocols | words)" "$protocols"
same curl-config "$("$PREFIX/bin/curl-config" --features | words)" "$features"
config="$LIBDIR/cmake/CURL/CURLConfig.cmake"
same CURLConfig.cmake "$(sed -n 's/^set(CURL_SUPPORTED_PROTOCOLS "\(.*\)")/\1/p' "$config" | words)" "$protocols"
same CURLConfig.cmake "$(sed -n 's/^set(CURL_SUPPORTED_FEATURES "\(.*\)")/\1/p' "$config" | words)" "$features"

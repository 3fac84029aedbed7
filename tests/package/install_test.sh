# Installs into $PREFIX and looks whether all parts are there.
rm -rf "$PREFIX"
mkdir -p "$WORK"
"$CMAKE" --install "$BUILD" --prefix "$PREFIX" > "$WORK/install.log"
for file in "$LIBDIR/libcurl.so.4.8.0" "$LIBDIR/libcurl.so.4" "$LIBDIR/libcurl.so" "$LIBDIR/libcurl-gnutls.so.4" \
  "$LIBDIR/libcurl-nss.so.4" "$LIBDIR/pkgconfig/libcurl.pc" "$LIBDIR/cmake/CURL/CURLConfig.cmake" \
  "$PREFIX/include/curl/curl.h" "$PREFIX/include/curl/multi.h" "$PREFIX/bin/curl-config"; do
  [ -s "$file" ] || { echo "not installed: $file"; exit 1; }
done
for name in libcurl.so.4 libcurl.so libcurl-gnutls.so.4 libcurl-nss.so.4; do
  [ "$(readlink -f "$LIBDIR/$name")" = "$(readlink -f "$LIBDIR/libcurl.so.4.8.0")" ] ||
    { echo "$name is another file"; exit 1; }
done

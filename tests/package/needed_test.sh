# The library loads nothing but the C library and what it is built on; above all no C++ runtime.
for name in $(readelf -d "$LIBRARY" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
  case "$name" in
    libc.so.6|libm.so.6|ld-linux*.so.*) ;;
    libssl.so.*|libcrypto.so.*|libcares.so.*|libz.so.*|libidn2.so.*|libpsl.so.*) ;;
    *) echo "must not be needed: $name"; exit 1 ;;
  esac
done
readelf -d "$LIBRARY" | grep -q 'SONAME.*\[libcurl.so.4\]' || { echo "wrong SONAME"; exit 1; }
if readelf -lW "$LIBRARY" | grep GNU_STACK | grep -q E; then echo "asks for an executable stack"; exit 1; fi
if readelf -d "$LIBRARY" | grep -q TEXTREL; then echo "has text relocations"; exit 1; fi

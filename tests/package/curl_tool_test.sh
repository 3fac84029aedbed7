# The curl command of the distribution runs with this library.
LD_LIBRARY_PATH="$LIBDIR" curl --version > "$WORK/curl.txt" 2> "$WORK/curl.errors" ||
  { cat "$WORK/curl.txt" "$WORK/curl.errors"; exit 1; }
grep -q "hiper/" "$WORK/curl.txt"
if grep -q "version information" "$WORK/curl.errors"; then cat "$WORK/curl.errors"; exit 1; fi

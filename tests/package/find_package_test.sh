# A CMake project finds the installed package and its programs run.
rm -rf "$WORK/consumer"
"$CMAKE" -S "$HERE/consumer" -B "$WORK/consumer" -DCMAKE_PREFIX_PATH="$PREFIX" -DWANTED_VERSION="$VERSION" \
  -DCMAKE_C_COMPILER="$CC"
"$CMAKE" --build "$WORK/consumer"
[ "$("$WORK/consumer/by_target")" = "$VERSION" ]
[ "$("$WORK/consumer/by_variables")" = "$VERSION" ]

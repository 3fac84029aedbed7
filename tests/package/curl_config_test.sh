# curl-config knows every option, and a program built with its flags finds the installed headers and library.
tool="$PREFIX/bin/curl-config"
"$CC" -Wall -Wextra -Werror $("$tool" --cflags) -o "$WORK/by_curl_config" "$HERE/consumer.c" $("$tool" --libs)
[ "$(LD_LIBRARY_PATH="$LIBDIR" "$WORK/by_curl_config")" = "$VERSION" ]

[ "$("$tool" --version)" = "libcurl $VERSION" ]
number=$(sed -n 's/^#define LIBCURL_VERSION_NUM 0x\([0-9a-fA-F]*\).*/\1/p' "$PREFIX/include/curl/curlver.h")
[ "$("$tool" --vernum)" = "$number" ]
[ "$("$tool" --prefix)" = "$PREFIX" ]
[ "$("$tool" --built-shared)" = yes ]
for option in --ca --cc --configure --features --feature --protocols --ssl-backends; do
  [ -n "$("$tool" $option)" ] || { echo "$option says nothing"; exit 1; }
done
[ "$("$tool" --prefix --built-shared | wc -l)" = 2 ]
"$tool" --help | grep -q -- --checkfor

# Succeeds with a version that is not newer than this one.
for version in 7.10.0 7.99.99 8.0 8.21.9 "$VERSION" "$VERSION-DEV"; do "$tool" --checkfor $version; done
for version in 9.0.0 8.99.0 "${VERSION%.*}.99"; do
  if "$tool" --checkfor $version > "$WORK/checkfor"; then echo "too old for $version"; exit 1; fi
  grep -q "$version" "$WORK/checkfor"
done
for bad in "" --bogus --static-libs; do
  if "$tool" $bad > /dev/null 2>&1; then echo "'$bad' must fail"; exit 1; fi
done

# A program built with the flags of pkg-config finds the installed headers and library.
export PKG_CONFIG_PATH="$LIBDIR/pkgconfig"
[ "$("$PKG_CONFIG" --modversion libcurl)" = "$VERSION" ]
"$PKG_CONFIG" --atleast-version=7.61 libcurl
[ "$("$PKG_CONFIG" --variable=prefix libcurl)" = "$PREFIX" ]
"$PKG_CONFIG" --print-requires-private libcurl | grep -q libssl
"$CC" -Wall -Wextra -Werror -o "$WORK/by_pkg_config" "$HERE/consumer.c" $("$PKG_CONFIG" --cflags --libs libcurl)
[ "$(LD_LIBRARY_PATH="$LIBDIR" "$WORK/by_pkg_config")" = "$VERSION" ]

# The dynamic symbols are exactly the functions of the list, each under every version node, and nothing else.
mkdir -p "$WORK"
nodes=$(sed -n 's/^nodes //p' "$EXPORTS")
default=${nodes%% *}
sed -n 's/^\(curl_[a-z0-9_]*\).*/\1/p' "$EXPORTS" | while read -r name; do
  for node in $nodes; do
    if [ "$node" = "$default" ]; then echo "$name@@$node"; else echo "$name@$node"; fi
  done
done | sort > "$WORK/symbols.wanted"
[ "$(grep -c "@@" "$WORK/symbols.wanted")" = 100 ]

# The nodes themselves are absolute symbols; everything else must be a function of the list.
readelf --dyn-syms -W "$LIBRARY" | awk '$7 != "UND" && $7 != "ABS" && NF >= 8 && $1 ~ /^[0-9]+:$/ { print $8 }' |
  sort > "$WORK/symbols.found"
diff -u "$WORK/symbols.wanted" "$WORK/symbols.found"

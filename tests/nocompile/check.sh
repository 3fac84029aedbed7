# check.sh <snippet> <compiler> <flag>...: whether the compiler does with the snippet what its first line says, either
# "// compiles" or "// rejected: <regular expression that the messages must match>".
snippet=$1
shift
first=$(head -n 1 "$snippet")
if messages=$("$@" "$snippet" 2>&1); then
  [ "$first" = "// compiles" ] && exit 0
  echo "compiles, but must not: $snippet"
  exit 1
fi
case $first in
  "// rejected: "*) ;;
  *) printf '%s\n' "does not compile, but must: $snippet" "$messages"; exit 1 ;;
esac
if printf '%s\n' "$messages" | grep -qE -- "${first#// rejected: }"; then
  exit 0
fi
printf '%s\n' "rejected for another reason than expected: $snippet" "$messages"
exit 1

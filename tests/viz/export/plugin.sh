#!/bin/sh
# SPDX-License-Identifier: MIT
# plugin.sh TOOL TRACE - without a plugin that it wants and cannot load Graphviz draws another picture: none is made.
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/pv-plugin-XXXXXX")
trap 'rm -rf "$folder"' EXIT
config=$(find /usr/lib /usr/local/lib -name config6a | head -n 1)
[ "$config" ] || { echo "Graphviz's config6a is not found" >&2; exit 1; }
cp -a "$(dirname "$config")/." "$folder"
GVBINDIR=$folder
export GVBINDIR

draw() {
    code=0
    "$1" export --format svg -o "$folder/made.svg" "$2" 2>"$folder/said" || code=$?
}
draw "$@"
[ "$code" = 0 ] || { echo "with all plugins it ended with $code:" >&2; cat "$folder/said" >&2; exit 1; }
rm "$folder/made.svg" "$folder"/libgvplugin_pango.so*
echo "no library" >"$folder/libgvplugin_pango.so.6"
draw "$@"
[ "$code" = 5 ] && grep -q "Graphviz could not lay the graph out" "$folder/said" && [ ! -e "$folder/made.svg" ] ||
    { echo "without a plugin it ended with $code:" >&2; cat "$folder/said" >&2; exit 1; }

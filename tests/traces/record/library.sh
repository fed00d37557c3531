#!/bin/sh
# SPDX-License-Identifier: MIT
# library.sh TOOL LIBRARY - the preload library is never what lies near a copy of the tool: there it could be anybody's.
# What lies there in this test cannot be loaded, and the system's linker would say so.
set -eu
library=$(realpath "$2")
folder=$(mktemp -d "${TMPDIR:-/tmp}/pv-library-XXXXXX")
trap 'rm -rf "$folder"' EXIT
failed() {
    echo "$1" >&2
    cat "$folder/said" >&2
    exit 1
}

mkdir -p "$folder/bin" "$folder/traces/record" "$folder/lib/pebbleviz" "$folder/lib/x86_64-linux-gnu/pebbleviz"
cp "$1" "$folder/bin/tool"
for place in bin traces/record lib lib/pebbleviz lib/x86_64-linux-gnu/pebbleviz; do
    echo "no library" >"$folder/$place/libpebbleviz-preload.so"
done
record() {
    code=0
    (cd "$folder/bin" && "$@") 2>"$folder/said" || code=$?
}

unset PEBBLEVIZ_PRELOAD
record ./tool record -o made.json -- /bin/true
if grep -q "ld.so" "$folder/said"; then
    failed "a library that lay near the copied tool was taken"
fi
if [ "$code" = 5 ]; then
    grep -q "no preload library /.*: No such file or directory; set PEBBLEVIZ_PRELOAD" "$folder/said" ||
        failed "another sentence was expected"
fi
export PEBBLEVIZ_PRELOAD="$library"
record ./tool record -o made.json -- /bin/sh -c :
[ "$code" = 0 ] || failed "with PEBBLEVIZ_PRELOAD it ended with $code"
[ -s "$folder/bin/made.json" ] || failed "with PEBBLEVIZ_PRELOAD nothing was recorded"

PEBBLEVIZ_PRELOAD=$folder/bin/libpebbleviz-preload.so
record ./tool record -o other.json -- /bin/sh -c 'kill -9 $$'
[ "$code" = 3 ] && grep -q "could not be recorded: signal 9 (Killed) ended it before its first call" "$folder/said" ||
    failed "of a program that was killed at once, another sentence was expected"

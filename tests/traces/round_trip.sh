#!/bin/sh
# SPDX-License-Identifier: MIT
#
# round_trip.sh EXE ROOT - every sample through every lossless pair of formats comes back the
# same; the native format keeps its size; damage of it is told with exit code 4.
set -eu
exe=$1
root=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail()
{
    echo "round_trip: $*"
    exit 1
}

for sample in "$root"/traces/samples/*.json*; do
    "$exe" convert "$sample" "$tmp/a.jsonl"
    "$exe" convert "$tmp/a.jsonl" "$tmp/b.pvt"
    "$exe" convert "$tmp/b.pvt" "$tmp/c.json"
    "$exe" convert "$tmp/c.json" "$tmp/d.pvt.zst"
    "$exe" convert "$tmp/d.pvt.zst" "$tmp/e.jsonl"
    cmp "$tmp/a.jsonl" "$tmp/e.jsonl" || fail "$sample"
    events=$(($(wc -l <"$tmp/a.jsonl") - 1))
    bytes=$(wc -c <"$tmp/b.pvt")
    echo "$(basename "$sample"): $events events, $bytes bytes as pvt"
    case $sample in
    */dot.json.zst) # addresses, threads and times
        [ "$bytes" -le $((3 * events)) ] || fail "more than 3 bytes an event" ;;
    */python3.json.zst) # none of these
        [ $((10 * bytes)) -le $((12 * events)) ] || fail "more than 1.2 bytes an event" ;;
    esac
done

# rep keeps operations, numbers and sizes.
"$exe" convert "$root/traces/samples/hello.json" "$tmp/a.rep"
"$exe" convert "$tmp/a.rep" "$tmp/b.rep"
cmp "$tmp/a.rep" "$tmp/b.rep" || fail "rep"
[ "$(wc -l <"$tmp/a.rep")" -eq 41 ] || fail "rep: $(wc -l <"$tmp/a.rep") lines, not 4 + 37"

# Damage: what is lost is told.
"$exe" convert "$root/traces/samples/hello.json" "$tmp/h.pvt"
size=$(wc -c <"$tmp/h.pvt")
head -c $((size - 90)) "$tmp/h.pvt" >"$tmp/cut.pvt"
code=0
"$exe" info "$tmp/cut.pvt" >"$tmp/out" 2>"$tmp/err" || code=$?
[ "$code" -eq 4 ] || fail "a cut trace: exit code $code"
grep -q 'it is cut off; at least 37 events in [0-9]* bytes are lost' "$tmp/err" ||
    fail "a cut trace: $(cat "$tmp/err")"

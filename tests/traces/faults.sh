#!/bin/sh
# SPDX-License-Identifier: MIT
#
# faults.sh EXE ROOT - the faults that a trace can have, one file each in faults/. A fault of the
# file: exit code 4, one line with its place, what stands before it is used. A mistake of the
# program: exit code 0, counted, `info` says where, the replay goes on. The rest is no fault, and
# the test says what it means. No file without a row.
. "$2/tests/viz/cli/lib.sh"
faults=$here/tests/traces/faults
cd "$faults" || exit 99

says() { # says FILE TEXT: a whole line of it
    grep -F -x -q -e "$2" "$tmp/$1" || fail "$name: not '$2' but: $(cat "$tmp/$1")"
}

# What `report` replayed: events and faults.
replayed()
{
    run "$1" report --json --no-timing "$name"
    if [ "$2" -gt 0 ]; then
        grep -q "\"events\": $2, .*\"faults\": $3," "$tmp/out" || fail "$name: $(cat "$tmp/out")"
    fi
}

# file NAME EVENTS TEXT: the file is damaged; so many events are used.
file()
{
    name=$1
    echo "$name" >>"$tmp/names"
    for command in info check; do
        run 4 $command "$name"
        says err "pebbleviz: $name:$3"
        [ "$(wc -l <"$tmp/err")" -eq 1 ] || fail "$name: more than one line"
    done
    replayed 4 "$2" 0
    run 4 convert "$name" "$tmp/made.jsonl"
    [ ! -e "$tmp/made.jsonl" ] || fail "$name: a damaged trace was converted"
}

# program NAME EVENTS TEXT: the program made a mistake.
program()
{
    name=$1
    echo "$name" >>"$tmp/names"
    run 0 info "$name"
    says out "$3"
    replayed 0 "$2" 1
    run 0 convert "$name" "$tmp/made.jsonl"
    rm -f "$tmp/made.jsonl"
}

# sound NAME EVENTS: no fault.
sound()
{
    name=$1
    echo "$name" >>"$tmp/names"
    run 0 info "$name"
    [ ! -s "$tmp/err" ] || fail "$name: $(cat "$tmp/err")"
    says out "Faults of the program: none"
    replayed 0 "$2" 0
}

used='the 1 event before it is used'
file unknown-op.jsonl 1 \
    "3:7: there is no operation \"mallocx\"; $used, 49 of 130 bytes are lost"
program free-of-unknown.jsonl 3 '  unknown-id              1  at event 1 (3:1)'
program double-free.jsonl 4 '  double-free             1  at event 2 (4:1)'
program realloc-of-freed.jsonl 3 '  realloc-of-freed        1  at event 2 (4:1)'
program overlapping-alloc.jsonl 3 '  id-already-live         1  at event 1 (3:1)'
file beyond-2-64.jsonl 1 \
    "3:21: a whole number does not fit in 64 bits; $used, 53 of 167 bytes are lost"
file nan.jsonl 1 "3:30: a value is expected here; $used, 26 of 130 bytes are lost"
file duplicate-tag.jsonl 1 "3:55: an event has the key \"name\" twice; $used, \
29 of 158 bytes are lost"
file truncated-last-line.jsonl 1 "3:26: the file ends inside a value; $used"
file wrong-version.jsonl 0 "1:39: only version 1 of the trace format is known here"
file nul.jsonl 1 "3:42: a control character stands in a text without an escape; $used, \
5 of 121 bytes are lost"
file deep-100k.jsonl.gz 1 "3:68: the nesting is deeper than 32 levels; $used, the rest is lost"

# A native file of three blocks whose second was cut out: its index tells of its events.
file sequence-gap.pvt 4 " byte 140: the section here cannot be used, the index tells of other \
events than stand before it; at least 2 events in 36 bytes are lost; the 4 events before it are \
used, 36 of 176 bytes are lost"

# A block of 0 bytes is a block; a resize to 0 frees.
sound size-0.jsonl 4
run 0 report --json --no-timing --at 0 "$name"
grep -q '"at": {"event": 0, "requested_bytes": 0, "rounding_bytes": 64,' "$tmp/out" ||
    fail "size-0.jsonl: $(cat "$tmp/out")"
run 0 info "$name"
says out "live at the end     0 B in 0 blocks"

# The order is the file's. That the clock went back is told.
sound time-backwards.jsonl 3
run 0 info "$name"
says out "                    goes back 1 time, at event 1 (3:1)"

LC_ALL=C sort "$tmp/names" >"$tmp/rows"
ls | LC_ALL=C sort >"$tmp/files"
cmp -s "$tmp/rows" "$tmp/files" ||
    fail "rows and files differ: $(diff "$tmp/rows" "$tmp/files")"
finish

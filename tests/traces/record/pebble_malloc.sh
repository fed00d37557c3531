#!/bin/sh
# SPDX-License-Identifier: MIT
# pebble_malloc.sh LIBRARY TARGET - programs run on the Bucket/Pebble heap as they do without it, and
# each planted fault ends a program by SIGABRT with its name and both call sites.
set -eu
library=$1
target=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

fail() {
    echo "$*"
    failed=1
}

# same NAME COMMAND...: output and exit code with and without, with guards and by best fit.
same() {
    name=$1
    shift
    code=0
    "$@" >"$tmp/want" 2>"$tmp/want.err" || code=$?
    for how in PEBBLE_GUARD=0 PEBBLE_GUARD=1 PEBBLE_FIT=best PEBBLE_FIT=recent; do
        got=0
        env "$how" LD_PRELOAD="$library" "$@" >"$tmp/got" 2>"$tmp/got.err" || got=$?
        [ "$got" = "$code" ] || fail "$name, $how: exit $got, not $code"
        cmp -s "$tmp/want" "$tmp/got" || fail "$name, $how: another output"
        cmp -s "$tmp/want.err" "$tmp/got.err" || fail "$name, $how: $(head -n 3 "$tmp/got.err")"
    done
}

# faulty NAME GUARD WORDS...: SIGABRT, one line, with all the words in it.
faulty() {
    name=$1
    guard=$2
    shift 2
    code=0
    PEBBLE_GUARD=$guard PEBBLE_ABORT=1 LD_PRELOAD="$library" "$target" "$name" >"$tmp/out" 2>"$tmp/err" || code=$?
    [ "$code" = 134 ] || fail "$name, guard $guard: exit $code"
    [ "$(grep -c '^pebble-malloc: ' "$tmp/err")" = 1 ] || fail "$name, guard $guard: $(cat "$tmp/err")"
    for word; do
        grep -q -- "$word" "$tmp/err" || fail "$name, guard $guard: no '$word' in $(cat "$tmp/err")"
    done
}

same stress "$target" stress
same family "$target" family
same nothing-wrong "$target" nothing-wrong
same shell sh -c 'for i in 1 2 3; do echo $i; done | sort -r; exit 3'
same awk awk 'BEGIN { for (i = 0; i < 20000; i++) a[i] = i "x"; n = 0; for (k in a) n += length(a[k]); print n }'
same sort sh -c 'ls -lR /usr/lib/gcc | sed "s/[0-9]//g" | sort | uniq -c | sort -n | tail -n 5'
if command -v perl >/dev/null; then
    same perl perl -e 'for (1..30000) { $h{$_} = [$_, "x$_"] } print scalar(keys %h), "\n"'
fi

for guard in 0 1; do
    faulty double-free $guard double-free fault
    faulty interior-pointer $guard interior-pointer make_block fault
    faulty foreign-pointer $guard foreign-pointer
    faulty stack $guard foreign-pointer
    faulty bad-header $guard bad-header
done
faulty double-free 1 "asked for in make_block" "found in "
faulty overflow 1 "overflow: 0x" "40 bytes" "asked for in make_block" "found in "
faulty overflow-far 1 overflow make_block
faulty write-after-free 1 write-after-free make_block
faulty realloc-freed 1 realloc-freed make_block "found in "

# Without PEBBLE_ABORT the program goes on, and the faults are counted at its end.
PEBBLE_GUARD=1 LD_PRELOAD="$library" "$target" double-free 2>"$tmp/err" || fail "double-free: exit $?"
grep -q '^pebble-malloc: 1 fault$' "$tmp/err" || fail "double-free: not counted: $(cat "$tmp/err")"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tsan.sh ROOT - the locking test under ThreadSanitizer, from the sources: it cannot be combined
# with the sanitizers of the build. 77 (left out) where the compiler or the machine has none.
# It also shows that it can tell: without a lock the same program must be refused.
root=$1
cc=${CC:-cc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
TSAN_OPTIONS=halt_on_error=1:exitcode=66
export TSAN_OPTIONS

printf 'int main(void) { return 0; }\n' >"$work/empty.c"
if ! $cc -fsanitize=thread -o "$work/empty" "$work/empty.c" 2>"$work/log" || ! "$work/empty"; then
    echo "no ThreadSanitizer here: left out"
    exit 77
fi

$cc -std=c17 -D_GNU_SOURCE -O1 -g -fsanitize=thread -I"$root" -o "$work/lock_test" \
    "$root"/core/bucket.c "$root"/core/door.c "$root"/core/guard.c "$root"/core/heap.c \
    "$root"/core/index.c "$root"/core/pages.c "$root"/core/pebble.c "$root"/core/sound.c "$root"/core/tree.c \
    "$root/tests/core/lock_test.c" -pthread -lcmocka || exit 1
"$work/lock_test" || exit 1

if "$work/lock_test" no-lock >"$work/log" 2>&1 || ! grep -q 'data race' "$work/log"; then
    echo "no data race was told of a heap without a lock: this proves nothing"
    exit 1
fi

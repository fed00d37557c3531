#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tsan.sh ROOT - the locking tests under ThreadSanitizer, from the sources: it cannot be combined
# with the sanitizers of the build. 77 (left out) where the compiler or the machine has none.
# It also shows that it can tell: without a lock the same programs must be refused.
root=$1
cc=${CC:-cc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
TSAN_OPTIONS=halt_on_error=1:exitcode=66
export TSAN_OPTIONS

# ThreadSanitizer wants the memory's usual layout, which some kernels shuffle too far.
usual=
setarch -R true 2>/dev/null && usual='setarch -R'

printf 'int main(void) { return 0; }\n' >"$work/empty.c"
if ! $cc -fsanitize=thread -o "$work/empty" "$work/empty.c" 2>"$work/log" || ! $usual "$work/empty"; then
    echo "no ThreadSanitizer here: left out"
    cat "$work/log"
    exit 77
fi

mkdir -p "$work/tests/core"
python3 "$root/tests/core/calls.py" "$root/core/heap.h" "$root/core/guard.h" \
    >"$work/tests/core/all_calls.h" || exit 1
for name in lock_test all_calls_test; do
    $cc -std=c17 -D_GNU_SOURCE -O1 -g -fsanitize=thread -I"$root" -I"$work" -o "$work/$name" \
        "$root"/core/bucket.c "$root"/core/door.c "$root"/core/grow.c "$root"/core/guard.c \
        "$root"/core/heap.c "$root"/core/index.c "$root"/core/pages.c "$root"/core/pebble.c \
        "$root"/core/sound.c "$root"/core/tree.c "$root/tests/core/$name.c" -pthread -lcmocka || exit 1
    $usual "$work/$name" || exit 1
    if $usual "$work/$name" no-lock >"$work/log" 2>&1 || ! grep -q 'data race' "$work/log"; then
        echo "$name: no data race was told of a heap without a lock: this proves nothing"
        exit 1
    fi
done

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dropin.sh ROOT - the heap as a kernel takes it: two .c and two .h files, four functions, no C
# library. Compiled for each machine there is a compiler for, run where this machine can. The
# example of core/README.md is part of the program, so that it cannot rot.
root=$1
cc=${CC:-cc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

"$root/core/amalgamate" "$work" || exit 1
cp "$root/tests/dropin/kernel.c" "$work" || exit 1
awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside { print }' \
    "$root/core/README.md" >"$work/example.c"
if ! grep -q pv_heap_init "$work/example.c" || [ "$(wc -l <"$work/example.c")" -gt 30 ]; then
    echo "core/README.md has no example, or one that is too long"
    exit 1
fi
if grep -l '#include "' "$work"/pebble*.[ch] | xargs grep -h '#include "' |
    grep -qv '#include "pebble[a-z]*\.h"'; then
    echo "the files include others than each other"
    exit 1
fi
cd "$work" || exit 2

files='pebbleheap pebbleguard example kernel'
strict='-std=c17 -ffreestanding -nostdlib -fno-stack-protector -Wall -Wextra -Werror'

works() { # works COMPILER FLAGS...: can it make an object at all
    printf 'int pv_empty;\n' | "$@" -ffreestanding -c -x c -o empty.o - 2>/dev/null
}

compile() { # compile WHAT COMPILER FLAGS...
    what=$1
    shift
    for file in $files; do
        if ! "$@" $strict -c $file.c -o $file.o; then
            echo "$what: $file.c does not compile"
            failed=1
            return 1
        fi
    done
}

run() { # run WHAT COMPILER FLAGS...
    compile "$@" || return
    what=$1
    shift
    if ! "$@" -static -nostdlib -o kernel pebbleheap.o pebbleguard.o example.o kernel.o; then
        echo "$what: does not link without a library"
        failed=1
        return
    fi
    ./kernel
    got=$?
    if [ $got = 126 ]; then
        echo "$what: compiled and linked; this machine does not run it"
    elif [ $got != 0 ]; then
        echo "$what: check $got does not hold"
        failed=1
    else
        echo "$what: compiled, linked, run"
    fi
}

for flags in -O0 -O2 '-Os -DPV_WITHOUT_NAMES'; do
    if works $cc -m64 && [ "$(uname -m)" = x86_64 ]; then
        run "x86-64 $flags" $cc -m64 -mno-red-zone -fno-pie $flags
    fi
    if works $cc -m32; then
        run "i386 $flags" $cc -m32 -fno-pie $flags
    fi
    if works arm-none-eabi-gcc; then
        compile "arm $flags" arm-none-eabi-gcc $flags && echo "arm $flags: compiled"
    elif works clang --target=armv7a-none-eabi; then
        compile "arm $flags" clang --target=armv7a-none-eabi $flags &&
            echo "arm $flags: compiled by clang"
    else
        echo "arm: no compiler for it: left out"
    fi
done
exit $failed

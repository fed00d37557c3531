#!/bin/sh
# SPDX-License-Identifier: MIT
#
# freestanding.sh ROOT - core needs no C library: it compiles with the compiler's own headers only,
# for 64 and 32 bits, and asks the linker for nothing but memcpy, memmove, memset and memcmp.
root=$1
cc=${CC:-cc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

for bits in 64 32; do
    mkdir "$work/$bits"
    if ! printf '' | $cc -m$bits -ffreestanding -c -x c -o "$work/empty.o" - 2>/dev/null; then
        echo "this compiler makes no $bits-bit code: left out"
        continue
    fi
    for source in "$root"/core/*.c; do
        name=${source##*/}
        if [ "$name" = own.c ] || [ "$name" = hash.c ]; then
            continue
        fi
        $cc -m$bits -std=c17 -O2 -ffreestanding -nostdlib -nostdinc \
            -isystem "$($cc -print-file-name=include)" -I"$root" -Wall -Wextra -Werror -c "$source" \
            -o "$work/$bits/$name.o" || failed=1
    done
    wanted=$(nm "$work/$bits"/*.o 2>/dev/null | awk '
        NF == 2 && $1 == "U" { used[$2] = 1 }
        NF == 3 { defined[$3] = 1 }
        END {
            for (name in used) {
                if (!(name in defined) &&
                    name !~ /^(memcpy|memmove|memset|memcmp|_GLOBAL_OFFSET_TABLE_)$/ &&
                    name !~ /^__(u?div|u?mod|u?mul|clz|ctz|popcount|x86\.get_pc_thunk)/) {
                    print name
                }
            }
        }')
    if [ -n "$wanted" ]; then
        echo "$bits bits: core needs from outside: $wanted"
        failed=1
    fi
done
exit $failed

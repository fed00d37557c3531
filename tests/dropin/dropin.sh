#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dropin.sh ROOT - the heap as a kernel takes it: the files of core/amalgamate, four functions,
# no C library. Compiled for each machine there is a compiler for, run here or by qemu; what is
# skipped is named. The examples of core/README.md are part of the program, so that they cannot rot.
root=$1
cc=${CC:-cc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

"$root/core/amalgamate" "$work" || exit 1
cp "$root/tests/dropin/kernel.c" "$work" || exit 1
# The three examples of the README, in their order.
awk -v work="$work" '
    BEGIN { split("example region frames", names) }
    /^```c$/ { inside = 1; n++; next }
    /^```$/ { inside = 0 }
    inside { print >(work "/" names[n] ".c") }' "$root/core/README.md"
for file in example region frames; do
    if ! grep -q 'pv_[a-z]*_init' "$work/$file.c" || [ "$(wc -l <"$work/$file.c")" -gt 30 ]; then
        echo "core/README.md has no example ($file), or one that is too long"
        exit 1
    fi
done
if grep -l '#include "' "$work"/pebble*.[ch] | xargs grep -h '#include "' |
    grep -qv '#include "pebble[a-z]*\.h"'; then
    echo "the files include others than each other"
    exit 1
fi
cd "$work" || exit 2

strict='-std=c17 -ffreestanding -nostdlib -fno-stack-protector -fno-pie -Wall -Wextra -Werror'

works() { # works COMPILER FLAGS...: can it make an object at all
    printf 'int pv_empty;\n' | "$@" -ffreestanding -c -x c -o empty.o - 2>/dev/null
}

links_with() { # links_with LIBRARY COMPILER FLAGS...: whether the library is there for the machine
    links_with=$1
    shift
    printf 'void _start(void) {}\n' | "$@" -ffreestanding -static -nostdlib -no-pie -x c \
        -o empty - -x none "$links_with" 2>/dev/null
}

compile() { # compile WHAT FILES COMPILER FLAGS...
    what=$1 files=$2
    shift 2
    for file in $files; do
        # shellcheck disable=SC2086 # one word a flag
        if ! "$@" $strict -c "$file.c" -o "$file.o"; then
            echo "$what: $file.c does not compile"
            failed=1
            return 1
        fi
    done
}

# program WHAT LIBRARY EMULATOR COMPILER FLAGS...: compiled, linked and run.
program() {
    program=$1 library=$2 emulator=$3
    shift 3
    files='pebbleheap pebbleguard example region kernel'
    objects='pebbleheap.o pebbleguard.o example.o region.o kernel.o'
    case $* in
    *-DWITH_BUDDY*) files="$files pebblebuddy frames" objects="$objects pebblebuddy.o frames.o" ;;
    esac
    compile "$program" "$files" "$@" || return
    # shellcheck disable=SC2086
    if ! "$@" -static -nostdlib -no-pie -o kernel $objects $library 2>link.log; then
        head -n 5 link.log
        echo "$program: does not link without a library"
        failed=1
        return
    fi
    if [ -n "$emulator" ] && ! command -v "$emulator" >/dev/null; then
        echo "$program: compiled, linked; not run: no $emulator here"
        return
    fi
    $emulator ./kernel
    got=$?
    if [ $got = 126 ]; then
        echo "$program: compiled, linked; not run: this machine cannot"
    elif [ $got != 0 ]; then
        echo "$program: check $got does not hold"
        failed=1
    else
        echo "$program: compiled, linked, run"
    fi
}

# The heap and its guards link with no library at all; the buddy allocator divides 64 bits, for
# which 32-bit machines (and riscv64 for counting zeros) take the compiler's own library.
machine() { # machine WHAT LIBGCC EMULATOR COMPILER FLAGS...
    machine=$1 libgcc=$2 emulator=$3
    shift 3
    if ! works "$@"; then
        echo "$machine: skipped: no $1 for it here"
        return
    fi
    for flags in -O0 -O2 '-O2 -DPV_WITHOUT_NAMES -DPV_WITHOUT_SPINLOCK' \
        '-O2 -DPV_UNIT_BYTES=128 -DPV_GROW_PAGES_MIN=4'; do
        # shellcheck disable=SC2086
        program "$machine $flags" '' "$emulator" "$@" $flags
    done
    if [ -n "$libgcc" ] && ! links_with "$libgcc" "$@"; then
        echo "$machine -O2, buddy: skipped: no libgcc for it here"
        return
    fi
    program "$machine -O2, buddy" "$libgcc" "$emulator" "$@" -O2 -DWITH_BUDDY
}

native=$(uname -m)
if [ "$native" = x86_64 ]; then
    machine x86-64 '' '' $cc -m64 -mno-red-zone
else
    machine "$native" -lgcc '' $cc
fi
i386="$cc -m32"
works i686-linux-gnu-gcc && i386=i686-linux-gnu-gcc
machine i386 -lgcc "$([ "$native" = x86_64 ] || echo qemu-i386)" $i386
machine aarch64 '' qemu-aarch64 aarch64-linux-gnu-gcc -mno-outline-atomics
machine riscv64 -lgcc qemu-riscv64 riscv64-linux-gnu-gcc
machine arm -lgcc qemu-arm arm-linux-gnueabi-gcc -march=armv7-a
machine 'powerpc (big-endian)' -lgcc qemu-ppc powerpc-linux-gnu-gcc

# A compiler's call of memset or memcpy by another name is one of them.
kernels_own='^(pv_|memcpy$|memset$|__aeabi_mem(cpy|set|clr)[48]?$)'
small() { # small WHAT CLANG-FLAGS...: what the heap wants from outside on a machine of few means
    small=$1
    shift
    if ! works clang "$@"; then
        echo "$small: skipped: no clang for it here"
        return
    fi
    for flags in -O0 -O2 -Os; do
        compile "$small $flags" pebbleheap clang "$@" $flags -DPV_WITHOUT_SPINLOCK || return
        wanted=$(nm -u pebbleheap.o | awk '{ print $2 }' | grep -Ev "$kernels_own")
        if [ -n "$wanted" ]; then
            echo "$small $flags: the heap needs from outside:" $wanted
            failed=1
        else
            echo "$small $flags: compiled; needs memcpy and memset and nothing more"
        fi
    done
}
small 'Cortex-M0' --target=armv6m-none-eabi
small rv32i --target=riscv32-unknown-elf -march=rv32i -mabi=ilp32
exit $failed

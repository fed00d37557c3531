#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compilers.sh ROOT - the heap under each standard of C and C++ that kernels are written in. As C it
# compiles from C11 to C23; a C++ program from C++11 to C++23 includes all public headers, links
# with the C objects and runs. All that the headers declare is named there: what of it were left
# out of extern "C" would not link. What is skipped is named.
root=$1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0
warnings='-Wall -Wextra -Wshadow -pedantic -Werror'

"$root/core/amalgamate" "$work" || exit 1
cp "$root/tests/dropin/use.cc" "$work" || exit 1
cd "$work" || exit 2
for name in heap guard buddy; do
    if grep -nE '_Static_assert|_Atomic|stdatomic' pebble$name.h; then
        echo "pebble$name.h: a C++ compiler need not know this"
        failed=1
    fi
done

# Every function that the headers declare, once in a table of the C++ program.
cat pebbleheap.h pebbleguard.h pebblebuddy.h | grep -v '^ *static\|^ *\*\|^ *//' |
    grep -oE '^[a-z][a-z0-9_ *]*[ *]pv_[a-z0-9_]+\(' | grep -oE 'pv_[a-z0-9_]+\(' |
    tr -d '(' | LC_ALL=C sort -u |
    sed 's/.*/    reinterpret_cast<void (*)()>(\&&),/' >functions.inc
n_functions=$(wc -l <functions.inc)
if [ "$n_functions" -lt 40 ]; then
    echo "only $n_functions functions were found in the headers"
    exit 1
fi

knows() { # knows COMPILER STANDARD LANGUAGE
    printf 'int pv_empty;\n' | "$1" -std="$2" -fsyntax-only -x "$3" - 2>/dev/null
}

for compiler in gcc clang; do
    for standard in c11 c17 c2x gnu11; do
        if ! knows $compiler $standard c; then
            echo "$compiler $standard: skipped: not here"
            continue
        fi
        for name in heap guard buddy; do
            # shellcheck disable=SC2086 # one word a flag
            if ! $compiler -std=$standard $warnings -O1 -ffreestanding -c pebble$name.c; then
                echo "$compiler $standard: pebble$name.c does not compile"
                failed=1
            fi
        done
        echo "$compiler $standard: compiled"
    done
done

objects='pebbleheap.o pebbleguard.o pebblebuddy.o'
for compiler in g++ clang++; do
    for standard in c++11 c++14 c++17 c++20 c++2b; do
        if ! knows $compiler $standard c++; then
            echo "$compiler $standard: skipped: not here"
            continue
        fi
        # shellcheck disable=SC2086
        if $compiler -std=$standard $warnings -o use use.cc $objects && ./use; then
            echo "$compiler $standard: compiled, linked ($n_functions functions), run"
        else
            echo "$compiler $standard: does not compile, link or run"
            failed=1
        fi
    done
done
exit $failed

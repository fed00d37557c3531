#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make.sh - records calls.c, library.c and operators.cc with the real tools, into this folder. They
# are Debian packages:
#   apt-get install gcc g++ valgrind ltrace libc6-dev heaptrack
# Addresses, processes and times differ from run to run; text_test.c and logs_test.c look at the
# rest. What is said of library.ltrace there depends on how many files /etc/apt holds. ltrace may
# crash a program of several threads: then "killed by SIGSEGV" stands in its log; run it again.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O0 -o "$work/calls" calls.c
(
    cd "$work"
    valgrind --trace-malloc=yes --run-libc-freeres=no --log-file=calls.valgrind ./calls
    ltrace -o calls.ltrace ./calls
    MALLOC_TRACE=calls.mtrace LD_PRELOAD=libc_malloc_debug.so.0 ./calls
)

# logs_test.c: what logs hold that the manuals do not say
gcc -D_GNU_SOURCE -O1 -fno-builtin -Wno-alloc-size-larger-than -pthread -o "$work/library" library.c
g++ -std=c++17 -O1 -fno-builtin -o "$work/operators" operators.cc
(
    cd "$work"
    in_libc='malloc+free+calloc+realloc@libc.so.6'
    ltrace -o library.ltrace ./library inside
    ltrace -o inside.ltrace -x "$in_libc" ./library inside
    ltrace -o threads.ltrace -f -tt ./library threads
    ltrace -o caches.ltrace -f -x "$in_libc" ./library threads
    ltrace -o fork.ltrace -f -S ./library fork
    ltrace -o exec.ltrace -f -r ./library exec
    ltrace ./library twice >died.ltrace 2>&1 || true
    ltrace -f ./library output >output.ltrace 2>&1
    ltrace -o nested.ltrace -e 'malloc+free+_Z*' ./operators
    ltrace -o demangled.ltrace -C -i ./operators
    valgrind="valgrind --trace-malloc=yes --run-libc-freeres=no"
    valgrind --trace-malloc=yes --time-stamp=yes ./library inside >library.valgrind 2>&1
    $valgrind ./library threads >threads.valgrind 2>&1
    $valgrind --time-stamp=yes ./library fork >fork.valgrind 2>&1
    $valgrind --trace-children=yes ./library exec >exec.valgrind 2>&1
    $valgrind ./library twice >twice.valgrind 2>&1
    $valgrind ./library output >output.valgrind 2>&1
    $valgrind ./operators >operators.valgrind 2>&1
    for what in inside threads fork many late; do
        MALLOC_TRACE=$what.mtrace LD_PRELOAD=libc_malloc_debug.so.0 ./library $what
    done
)
cp "$work"/*.ltrace "$work"/*.valgrind "$work"/*.mtrace .

# heaptrack: raw as its library writes it, then interpreted; without the paths of this machine
heaptrack=/usr/lib/heaptrack
gcc -g -ffile-prefix-map="$PWD"=. -O0 -o "$work/calls" calls.c
(
    cd "$work"
    DUMP_HEAPTRACK_OUTPUT="$work/raw" LD_PRELOAD=$heaptrack/libheaptrack_preload.so ./calls
    $heaptrack/libexec/heaptrack_interpret <raw >interpreted
    sed 's|^x [0-9a-f]* .*/calls$|x 7 ./calls|' raw >calls.heaptrack_raw
    sed 's|^s [0-9a-f]* .*/calls$|s 7 ./calls|' interpreted >calls.heaptrack
)
cp "$work"/calls.heaptrack "$work"/calls.heaptrack_raw .

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make.sh - records calls.c with the real tools, into this folder. They are Debian packages:
#   apt-get install gcc valgrind ltrace libc6-dev heaptrack
# Addresses differ from run to run; text_test.c looks at the rest.
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
cp "$work"/calls.heaptrack "$work"/calls.heaptrack_raw "$work"/calls.valgrind "$work"/calls.ltrace "$work"/calls.mtrace .

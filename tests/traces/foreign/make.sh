#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make.sh - records calls.c with the real tools, into this folder. They are Debian packages:
#   apt-get install gcc valgrind ltrace libc6-dev
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
cp "$work"/calls.valgrind "$work"/calls.ltrace "$work"/calls.mtrace .

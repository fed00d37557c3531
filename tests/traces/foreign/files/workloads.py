#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# workloads.py - writes calls.malloc-bench, calls.wl, calls.bytehound and calls.older-bytehound,
# by hand: their tools are not Debian packages. Each has the grammar that its tool's source has;
# traces/FORMATS.md gives them. The files are kept; run this in its folder to make them again.
import gzip
import struct


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def line(call, **fields):
    """One TraceLine; fields by their numbers, f1=… to f3=…; what is None is missing."""
    inner = b"".join(field(int(k[1:]), v) for k, v in fields.items() if v is not None)
    return field(1, field(call, inner))


MALLOC, FREE, REALLOC, CALLOC = 1, 2, 3, 4


def malloc_bench():
    return b"".join(
        [
            line(MALLOC, f1=0, f2=100),
            line(CALLOC, f1=1, f2=4, f3=25),
            line(REALLOC, f1=2, f2=0, f3=5000),  # moved: 0 is free again
            line(MALLOC, f1=0, f2=256, f3=64),
            line(FREE, f1=1, f2=100, f3=16),  # with its hints
            line(MALLOC, f1=1, f2=24),
            line(REALLOC, f1=1, f2=1, f3=20),
            line(FREE),  # of NULL
            line(REALLOC, f1=3, f3=7),  # of NULL
            line(MALLOC, f2=1 << 60),  # failed
            line(REALLOC, f2=3, f3=1 << 60),  # failed: 3 is as it was
            line(FREE, f1=2),
            line(FREE, f1=0),
            line(FREE, f1=1),
            field(2, 4),  # max_simultaneous_allocs
        ]
    )


def number(value):
    """Seven bits a byte, the highest first."""
    out = [value & 0x7F]
    while value > 0x7F:
        value >>= 7
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def ops(*steps):
    return b"".join(bytes([step[0]]) + b"".join(number(n) for n in step[1:]) for step in steps)


def workload(slots, syncs, *threads):
    """The list of threads, then the threads; where they are depends on how long the list is."""
    begin = 0
    while True:
        listed, at = ops((8, slots), (9, syncs), (10, len(threads))), begin
        for thread in threads:
            listed += ops((11, at))
            at += len(thread)
        listed += ops((1,))
        if len(listed) == begin:
            return listed + b"".join(threads)
        begin = len(listed)


def wl():
    return workload(
        7,
        3,
        ops(
            (2, 1, 100),
            (6, 1),  # thread 2 may begin
            (3, 2, 100),
            (4, 3, 1, 5000),
            (7, 2),
            (5, 4),  # what thread 2 allocated
            (5, 0),
            (1,),
        ),
        ops(
            (7, 1),
            (12, 4, 64, 256),
            (6, 2),
            (0,),
            (13, 5, 24),
            (4, 5, 5, 20),
            (5, 2),
            (2, 3, 77),  # slot 3 is full: frees what was there
            (1,),
        ),
        ops((15, 6, 128, 512), (5, 6), (14, 6, 10), (4, 6, 6, 0), (5, 6), (1,)),
    )


def records(*rows):
    return b"".join(struct.pack("<4Q", *row) for row in rows)


CALLS = [
    (1, 0, 1000, 100),
    (1, 1, 1010, 100),
    (3, 0, 1020, 5000),
    (2, 1, 1010, 0),
    (1, 1, 1030, 24),
    (2, 0, 1020, 0),
]


def bytehound():
    rows = [(4, 7, 0, 0), (4, 2, 0, 0)]
    for row in CALLS:
        rows += [row, (5, 0, 0, 0), (4, 3, 0, 0)]
    return struct.pack("<Q", 2) + records(*rows) + struct.pack("<Q", 0)


def older_bytehound():
    return struct.pack("<2Q", 2, len(CALLS)) + records(*CALLS)


for name, content in [
    ("malloc-bench", gzip.compress(malloc_bench(), mtime=0)),
    ("wl", wl()),
    ("bytehound", bytehound()),
    ("older-bytehound", older_bytehound()),
]:
    with open("calls." + name, "wb") as out:
        out.write(content)

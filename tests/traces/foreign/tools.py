#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools.py PEBBLEVIZ FILES - logs of programs of known numbers, recorded now with the ltrace, Valgrind
and glibc of this machine. No fault and no leak may be invented; of a log of Valgrind, allocations,
frees, bytes and what is live at the end must be the numbers of its own summary.

FILES holds library.c and operators.cc. A tool that is not there is named; the test is skipped (77)
when none is."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

EXE = pathlib.Path(sys.argv[1]).resolve()
FILES = pathlib.Path(sys.argv[2]).resolve()
IN_LIBC = "malloc+free+calloc+realloc@libc.so.6"
MEMCHECK = ["valgrind", "--trace-malloc=yes", "--run-libc-freeres=no"]
TRIES = 30  # under load every second run of ltrace with several threads goes wrong: see is_whole

BLOCKS = 80  # that the program of four threads gets, resizes and frees
THREADS = {"blocks": BLOCKS, "allocs": 2 * BLOCKS, "frees": 2 * BLOCKS, "live": 0, "faults": 0}

# Program and what it does, the tool, what `info` must say. What else of a log depends on this
# machine's C library.
CASES = [
    (["library", "inside"], ["ltrace"], {"live": 1, "faults": 0}),
    (["library", "inside"], ["ltrace", "-x", IN_LIBC], {"faults": 0}),
    (["library", "threads"], ["ltrace", "-f", "-tt"], THREADS),
    (["library", "threads"], ["ltrace", "-f"], THREADS),
    (["library", "fork"], ["ltrace", "-f", "-S"], {"allocs": 3, "frees": 3, "live": 0, "faults": 0}),
    (["library", "fork"], ["ltrace", "-S"], {"allocs": 3, "frees": 3, "live": 0, "faults": 0}),
    (["library", "fork"], ["ltrace", "-f", "-ttt", "-i"], {"allocs": 3, "frees": 3, "live": 0, "faults": 0}),
    (["library", "exec"], ["ltrace", "-f", "-r"], {"allocs": 1, "frees": 1, "live": 0, "faults": 0}),
    (["library", "twice"], ["ltrace", "-T"], {"allocs": 2, "faults": 1}),
    (["operators"], ["ltrace", "-C", "-i"], {"allocs": 6, "frees": 6, "live": 0, "faults": 0}),
    (["operators"], ["ltrace", "-e", "malloc+free+_Z*"], {"allocs": 6, "frees": 6, "live": 0, "faults": 0}),
    (["library", "inside"], ["valgrind", "--trace-malloc=yes", "--time-stamp=yes"], {"live": 1, "faults": 0}),
    (["library", "threads"], MEMCHECK, {"faults": 0}),
    (["library", "fork"], [*MEMCHECK, "--time-stamp=yes"], {"allocs": 3, "live": 0, "faults": 0}),
    (["library", "exec"], [*MEMCHECK, "--trace-children=yes"], {"allocs": 1, "live": 0, "faults": 0}),
    (["library", "twice"], MEMCHECK, {"allocs": 2, "faults": 1}),
    (["library", "output"], MEMCHECK, {"allocs": 2, "live": 1, "faults": 0}),
    (["operators"], MEMCHECK, {"live": 0, "faults": 0}),
    (["library", "inside"], ["mtrace"], {"live": 1, "faults": 0}),
    (["library", "threads"], ["mtrace"], {"live": 0, "faults": 0}),
    (["library", "fork"], ["mtrace"], {"live": 0, "faults": 0}),
    (["library", "many"], ["mtrace"], {"live": 0, "faults": 0}),
    (["library", "late"], ["mtrace"], {"live": 1, "faults": 0}),
]

SUMMARY = re.compile(
    r"==(\d+)==\s+in use at exit: ([\d,]+) bytes in ([\d,]+) blocks\n"
    r"==\1==\s+total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes allocated")
STAMP = re.compile(r"==(?:\d\d:)+\d\d\.\d+ (\d+)==")


def build(work):
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-O1", "-fno-builtin", "-Wno-alloc-size-larger-than", "-pthread",
                    "-o", work / "library", FILES / "library.c"], check=True)
    subprocess.run(["g++", "-std=c++17", "-O1", "-fno-builtin", "-o", work / "operators",
                    FILES / "operators.cc"], check=True)


def is_whole(text, status, tool, wanted):
    """ltrace may crash, crash a program of several threads, or pass over calls of a thread while it
    steps another: such a log does not hold what the program did. Looked at without our reader."""
    if tool[0] != "ltrace":
        return True
    if status < 0 or re.search(rb"killed by SIG(SEGV|TRAP|ILL|BUS)", text):
        return False
    calls = [len(re.findall(pattern, text)) for pattern in (
        rb"\bmalloc(?:\(.*\)| resumed> .*\)) *= 0x", rb"\brealloc(?:\(.*\)| resumed> .*\)) *= 0x",
        rb"\bfree\(0x")]
    return "blocks" not in wanted or calls == 3 * [wanted["blocks"]]


def record(work, program, tool, wanted):
    """The log, as text; None when no try gave a whole one."""
    log = work / "log"
    env = dict(os.environ)
    command = [f"./{program[0]}", *program[1:]]
    if tool[0] == "mtrace":
        env.update(MALLOC_TRACE=str(log), LD_PRELOAD="libc_malloc_debug.so.0")
    elif tool[0] == "ltrace":
        command = [*tool, "-o", log, *command]
    else:
        command = [*tool, *command]
    for _ in range(TRIES):
        log.unlink(missing_ok=True)
        # Valgrind writes to stderr: a program that another becomes would empty its file
        with open(log if tool[0] == "valgrind" else os.devnull, "wb") as errors:
            status = subprocess.run(command, cwd=work, env=env, stdout=subprocess.DEVNULL,
                                    stderr=errors, check=False).returncode
        text = log.read_bytes() if log.exists() else b""
        if is_whole(text, status, tool, wanted):
            return text
    return None


def info(log, *options):
    done = subprocess.run([EXE, "info", "--json", *options, log], capture_output=True, check=False)
    if done.returncode:
        return None, done.stderr.decode()
    said = json.loads(done.stdout)
    events = said["events"]
    # a free of nothing is no free, and a resize of nothing is none
    return {"allocs": said["requests"]["count"],
            "frees": events["free"] + events["realloc"] - said["ids"]["null"],
            "bytes": said["requests"]["bytes"], "live": said["end"]["live_blocks"],
            "live_bytes": said["end"]["live_bytes"], "faults": said["faults"]["all"],
            "processes": [p["process"] for p in said["processes"]]}, ""


def number(text):
    return int(text.replace(",", ""))


def by_summary(log, text, processes):
    """Where Valgrind's own summary of the first process differs. A program that has become another
    writes none: it is of the last one."""
    first = processes[0]
    last = [p for p in processes if p.split(".")[0] == first][-1]
    got, said = info(log, "--process", last)
    plain = STAMP.sub(r"==\1==", text.decode(errors="replace"))
    summary = next((m for m in SUMMARY.finditer(plain) if m[1] == first), None)
    if not got or not summary:
        return [said or "no summary in Valgrind's log"]
    return [f"{what} {got[what]}, Valgrind says {value}"
            for what, value in zip(("live_bytes", "live", "allocs", "frees", "bytes"), summary.groups()[1:])
            if got[what] != number(value)]


def works(tool, work):
    """It is installed, and may trace a program here: some containers forbid it."""
    if not shutil.which(tool):
        return False
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    tried = ["ltrace", "-o", work / "tried", "true"] if tool == "ltrace" else ["valgrind", "-q", "true"]
    return subprocess.run(tried, **quiet).returncode == 0


def main():
    if not shutil.which("gcc") or not shutil.which("g++"):
        print("gcc and g++ are needed to build the programs")
        return 77
    failed = 0
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        build(work)
        there = {tool: works(tool, work) for tool in ("ltrace", "valgrind")}
        there["mtrace"] = True
        for program, tool, wanted in CASES:
            if not there[tool[0]]:
                continue
            name = " ".join([*map(str, tool), *program])
            text = record(work, program, tool, wanted)
            if text is None:
                failed += 1
                print(f"FAILED: {name}: no whole log in {TRIES} tries")
                continue
            got, said = info(work / "log")
            wrong = [f"not read: {said}"] if got is None else \
                [f"{what} {got[what]}, not {value}" for what, value in wanted.items() if got.get(what, value) != value]
            if got and tool[0] == "valgrind":
                wrong += by_summary(work / "log", text, got["processes"])
            done += 1
            if wrong:
                failed += 1
                print(f"FAILED: {name}: {'; '.join(wrong)}")
    print(f"{done} logs recorded, {failed} read wrongly")
    for tool in ("ltrace", "valgrind"):
        if not there[tool]:
            print(f"not recorded: {tool} is not installed, or cannot trace here")
    return 1 if failed else 0


sys.exit(main())

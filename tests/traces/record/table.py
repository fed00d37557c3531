#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""table.py TOOL FOLDER [-v] [ROW...] - programs that are hard to record, each alone and recorded.

A table: blocks of 7777 or 7808 bytes that a program made, that its trace has, calls that were counted as not recorded or
lost, and its exit code. No row may change the program's exit code or output, and no call may be missing without a
count. FOLDER holds the programs. What this machine cannot do is said and skipped."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

TOOL, FOLDER = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SIZE = re.compile(rb'"size": ?(7777|7808)[,}]')
TIMEOUT = 240
SKIP = 77


class Row:
    """`made`: blocks; None: the program says it. `kept`: of them in the trace at least, None: all. `others`: calls
    of children that are counted at least. `says`: in the recorder's words.
    `drive`: what is done from outside. `preload`: a library that the program has preloaded itself.
    `events`: calls that are kept or counted, one or the other."""

    def __init__(self, name, argv, made, kept=None, others=0, says=None, drive=None, preload=None, events=0):
        self.name, self.argv, self.made, self.others = name, argv, made, others
        self.kept = made if kept is None else kept
        self.says, self.drive, self.preload, self.events = says, drive, preload, events


def case(mode):
    return [os.path.join(FOLDER, "cases"), mode]


FEW, MANY = 1000, 200000
ROWS = [
    Row("kill -9 inside", case("kill-inside"), FEW),
    Row("kill -9 outside", case("wait"), FEW, drive="kill"),
    Row("_exit", case("_exit"), FEW),
    Row("abort", case("abort"), FEW),
    Row("SIGSEGV", case("segv"), FEW),
    Row("exit from a thread", case("thread-exit"), 2 * FEW),
    Row("vfork, exec", case("vfork-exec"), 2 * FEW, says="3 child processes"),
    Row("posix_spawn, system, popen", case("spawn"), 2 * FEW, says="5 child processes"),
    Row("exec of itself", case("exec-self"), 2 * FEW),
    Row("200 forks of 4 threads", case("forks"), 80000, others=200 * 2 * 200, says="200 child processes"),
    Row("daemon", case("daemon"), FEW, others=10 * FEW, says="2 child processes"),
    Row("closefrom", case("closefrom"), FEW + MANY),
    Row("close_range", case("close-range"), FEW + MANY),
    Row("chroot", case("chroot"), FEW + MANY),
    Row("setuid() to nobody", case("setuid"), FEW + MANY),
    Row("RLIMIT_NOFILE", case("nofile"), FEW + MANY),
    Row("RLIMIT_FSIZE", case("fsize"), FEW + MANY),
    Row("RLIMIT_AS", case("as"), FEW + MANY),
    Row("seccomp kills openat", case("seccomp-kill"), FEW + MANY),
    Row("seccomp denies openat", case("seccomp-errno"), FEW + MANY),
    Row("seccomp strict", case("seccomp-strict"), 11 * FEW),
    Row("16 threads, destructors", case("thread-keys"), 16 * (FEW + 11)),
    Row("handler on 4 KiB", case("small-stacks"), FEW + 1000),
    Row("handler inside the hooks", [os.path.join(FOLDER, "cases_handler"), "handler"], None),
    Row("jump out of the hooks", [os.path.join(FOLDER, "cases_handler"), "jumps"], None),
    Row("jump out of a handler", case("jumps"), FEW),
    Row("dlopen storm", case("libraries"), 900),
    Row(".preinit_array", case("preinit"), FEW),
    Row("constructor, atexit", case("constructor"), 3 * FEW),
    Row("C++ new and delete", [os.path.join(FOLDER, "cases_cxx")], 702),
    Row("C++ with jemalloc", [os.path.join(FOLDER, "cases_cxx")], 702, preload="libjemalloc.so.2"),
    Row("C with jemalloc", case("few"), FEW, preload="libjemalloc.so.2"),
    Row("C++ with tcmalloc", [os.path.join(FOLDER, "cases_cxx")], 702, preload="libtcmalloc_minimal.so.4"),
    Row("malloc of its own", [os.path.join(FOLDER, "cases_own")], 100, kept=0, says="an allocator of its own"),
    Row("static", [os.path.join(FOLDER, "cases_static")], 100, kept=0, says="could not be recorded: it is a static one"),
    Row("setuid program", [os.path.join(FOLDER, "setuid"), "few"], FEW, kept=0, says="could not be recorded: it runs with rights of its own"),
    Row("TERM to the tool", case("wait"), FEW, drive="term"),
    Row("HUP to the tool", case("wait"), FEW, drive="hup"),
    Row("output's disk full", case("much"), MANY, kept=10000, says="not whole", drive="full-output", events=333333),
    Row("spool's disk full", case("few"), FEW, kept=0, says="cannot make a spool", drive="full-spool"),
]


class Skipped(Exception):
    """This machine cannot do it."""


class Run:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def program_of(tool):
    """The recorded program: the only child of the tool."""
    with open(f"/proc/{tool.pid}/task/{tool.pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def start(argv, env):
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def end(process, given=b""):
    try:
        out, err = process.communicate(given, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Run(process.returncode, out, err.decode(errors="replace"))


def shell_code(code):
    return 128 - code if code < 0 else code


def line_of(row):
    if not row.preload:
        return row.argv
    if row.preload not in subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False).stdout:
        raise Skipped(f"{row.preload} is not installed")
    return ["env", "LD_PRELOAD=" + row.preload, *row.argv]


def run_alone(row):
    process = start(line_of(row), dict(os.environ))
    first = b""
    if row.drive in ("kill", "term", "hup"):
        first = process.stdout.readline()
        process.send_signal({"kill": signal.SIGKILL, "term": signal.SIGTERM, "hup": signal.SIGHUP}[row.drive])
    run = end(process)
    run.out = first + run.out
    return run


def mount_small(where, size):
    os.mkdir(where)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", where], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skipped("no file system can be mounted here")


def run_recorded(row, trace, work):
    env = dict(os.environ)
    small = None
    if row.drive in ("full-output", "full-spool"):
        small = os.path.join(work, "small")
        mount_small(small, "128k" if row.drive == "full-output" else "1m")
        if row.drive == "full-output":
            trace = os.path.join(small, "t.pvt")
        else:
            env["TMPDIR"] = small
    process = start([TOOL, "record", "-o", trace, "--", *line_of(row)], env)
    first = b""
    if row.drive in ("kill", "term", "hup"):
        first = process.stdout.readline()
        if row.drive == "kill":
            os.kill(program_of(process), signal.SIGKILL)
        else:
            process.send_signal(signal.SIGTERM if row.drive == "term" else signal.SIGHUP)
    try:
        run = end(process)
        run.out = first + run.out
        return run, count_kept(trace, work)
    finally:
        if small:
            subprocess.run(["umount", small], check=False)


def count_kept(trace, work):
    if not os.path.exists(trace):
        return 0
    text = os.path.join(work, "t.jsonl")
    subprocess.run([TOOL, "convert", "--partial", trace, text], stderr=subprocess.DEVNULL, check=False)
    if not os.path.exists(text):
        return 0
    with open(text, "rb") as file:
        return sum(1 for line in file if SIZE.search(line))


def counted(pattern, text):
    found = re.search(pattern, text)
    return int(found.group(1).replace(",", "")) if found else 0


def check(row, alone, run, kept):
    """What is wrong with a row, and its figures."""
    own = re.sub(r"(?m)^pebbleviz: .*\n", "", run.err)
    said = "\n".join(line for line in run.err.splitlines() if line.startswith("pebbleviz: "))
    made = row.made if row.made is not None else counted(r"made ([\d,]+)", own)
    most = row.made if row.made is not None else counted(r"made [\d,]+ of ([\d,]+)", own)
    least = row.kept if row.kept is not None else made
    others = counted(r"which made ([\d,]+) calls", said)
    lost = counted(r"lost: ([\d,]+) calls", said)
    code = shell_code(alone.code)
    wrong = []
    refused = row.says and ("recorded" in row.says or "of its own" in row.says or "not whole" in row.says or
                            "cannot make" in row.says)
    if not refused and shell_code(run.code) != code:
        wrong.append(f"exit code {run.code}, alone {code}")
    if refused and shell_code(run.code) not in (3, 5):
        wrong.append(f"exit code {run.code} of what cannot be recorded")
    if "cannot make" not in (row.says or "") and run.out != alone.out:
        wrong.append(f"output {run.out[:80]}, alone {alone.out[:80]}")
    if row.made is not None and own != alone.err:
        wrong.append(f"standard error {own[:80]}")
    if kept + lost < least or kept > most:
        wrong.append(f"{made} made, {kept} kept, {lost} lost")
    if row.events and counted(r"([\d,]+) events (?:in|of it are kept)", said) + lost < row.events:
        wrong.append(f"{row.events} calls are not all kept or counted: {said}")
    if others < row.others:
        wrong.append(f"{others} calls of children, not {row.others}")
    if row.says and row.says not in said:
        wrong.append(f"does not say '{row.says}' but: {said}")
    return wrong, (made, kept, others, lost, shell_code(run.code))


def prepare():
    """A program that belongs to another user and runs as that one."""
    path = os.path.join(FOLDER, "setuid")
    if os.path.exists(path):
        os.unlink(path)
    shutil.copy(os.path.join(FOLDER, "cases"), path)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        os.chmod(path, 0o4755)


def one(row, work):
    if not os.path.exists(row.argv[0]):
        raise Skipped(f"{os.path.basename(row.argv[0])} was not built")
    if row.name == "setuid program" and os.geteuid() != 0:
        raise Skipped("only root can make one")
    alone = run_alone(row)
    if alone.code == SKIP:
        raise Skipped("the program may not do it here")
    run, kept = run_recorded(row, os.path.join(work, "t.pvt"), work)
    return check(row, alone, run, kept) + (run,)


def main():
    wanted = [name for name in sys.argv[3:] if name != "-v"]
    n_bad = 0
    prepare()
    print(f"{'':28}{'made':>8}{'kept':>8}{'others':>8}{'lost':>6}{'exit':>6}")
    for row in ROWS:
        if wanted and row.name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as work:
            try:
                wrong, figures, run = one(row, work)
            except Skipped as why:
                print(f"{row.name:28}{'skipped: ' + str(why)}", flush=True)
                continue
        print(f"{row.name:28}{figures[0]:8}{figures[1]:8}{figures[2]:8}{figures[3]:6}{figures[4]:6}", flush=True)
        if "-v" in sys.argv:
            print(run.err)
        for what in wrong:
            n_bad += 1
            print(f"  WRONG: {what}", flush=True)
    return 1 if n_bad else 0


sys.exit(main())

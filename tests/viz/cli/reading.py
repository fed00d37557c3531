#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reading.py PEBBLEVIZ - `view` of a trace that takes longer to read than the first screen may take: the screen
stands while it is read, keys work meanwhile, and the end, or the damage, is told."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time

SECONDS = 150  # a limit that only a broken program meets
FREES = 100
READING = 0.8  # seconds that `info` takes, at least, with the trace
ESCAPE = re.compile(rb"\x1b\[[0-9;?<>]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]")
HEAD = '{"format": "pebbleviz-trace", "version": 1, "events": [\n'


def fail(text):
    sys.exit(f"FAIL: {text}")


def same(what, seen, wanted):
    if seen != wanted:
        fail(f"{what}: {seen!r} instead of {wanted!r}")


def write_trace(path, n):
    """The last FREES of n events are frees, so that the peak is before them."""
    with open(path, "w") as out:
        out.write(HEAD)
        for i in range(n - FREES):
            out.write(f'{{"op":"malloc","id":{i},"size":{16 + i % 700},"name":"net/tag{i % 5}"}},\n')
        for i in range(FREES):
            out.write(f'{{"op":"free","id":{i}}}' + ("\n]}\n" if i == FREES - 1 else ",\n"))


def long_trace(path):
    """A trace that takes its time on this machine. How many events it has."""
    n = 200_000
    while True:
        write_trace(path, n)
        began = time.monotonic()
        subprocess.run([sys.argv[1], "info", path], check=True, stdout=subprocess.DEVNULL)
        if time.monotonic() - began > READING:
            return n
        n *= 2


class View:
    """A view in a terminal of its own."""

    def __init__(self, path, *options):
        self.master, slave = pty.openpty()
        self.columns = 140
        self.resize()

        def begin():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        env = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8")
        self.process = subprocess.Popen([sys.argv[1], "view", path, *options], stdin=slave, stdout=slave,
                                        stderr=subprocess.PIPE, env=env, preexec_fn=begin)
        os.close(slave)
        self.text, self.limit = b"", time.monotonic() + SECONDS

    def resize(self):
        """All is drawn again then; else only what differs is sent."""
        self.columns = 279 - self.columns
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, self.columns, 0, 0))

    def drain(self):
        """False: the program has closed its side."""
        ready, _, _ = select.select([self.master], [], [], 0.02)
        try:
            self.text += os.read(self.master, 65536) if ready else b""
        except OSError:
            return False
        return True

    def wait(self, words):
        """Until the words were drawn since the last keys."""
        due = time.monotonic() + 1
        while words.encode() not in ESCAPE.sub(b"", self.text):
            if time.monotonic() > due:
                self.text = b""
                self.resize()
                due = time.monotonic() + 2
            if not self.drain() or time.monotonic() > self.limit:
                fail(f"not seen: {words}\n{ESCAPE.sub(b'', self.text)[-3000:].decode(errors='replace')}")

    def keys(self, keys):
        self.text = b""
        os.write(self.master, keys)

    def end(self):
        """(exit code, stderr)"""
        while self.drain():
            if time.monotonic() > self.limit:
                fail("it does not end")
        return self.process.wait(), self.process.stderr.read().decode()


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "long.json")
    n = long_trace(path)

    # Keys work while it is read; then it is told that all is, and the screen stays where the user went.
    view = View(path)
    view.wait("reading")
    view.wait("Whole trace")
    view.keys(b"g77\r")
    view.wait("event 77 of")
    view.wait(f"{n:,} events, all are read")
    view.keys(b"q")
    same("read to its end", view.end(), (0, ""))

    # Nobody touches a key: the end of the reading shows the peak.
    view = View(path)
    view.wait("reading")
    view.resize()  # no key
    view.wait(f"{n - FREES - 1}: malloc")
    view.keys(b"q")
    same("not touched", view.end(), (0, ""))

    # Who leaves before the end is not told of what was not read.
    view = View(path)
    view.wait("reading")
    view.keys(b"q")
    same("left early", view.end(), (0, ""))

    # A moment that is not there yet is waited for; one that is none is refused without a screen.
    view = View(path, "--at", str(n - 1))
    view.wait(f"{n - 1}: free")
    view.keys(b"q")
    same("a late moment", view.end(), (0, ""))
    view = View(path, "--at", "mark:none")
    code, err = view.end()
    same("no moment", (code, "there is no moment 'mark:none'" in err, b"1049h" in view.text), (2, True, False))

    # The damage is told on the screen, and again behind it.
    os.truncate(path, os.path.getsize(path) - 20)
    view = View(path)
    view.wait("reading")
    view.wait(f"the trace ends here, after {n - 1:,} events: ")
    view.keys(b"q")
    code, err = view.end()
    same("damaged", (code, f"the {n - 1} events before it are used" in err, err.count("\n")), (4, True, 1))

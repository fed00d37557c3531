# SPDX-License-Identifier: MIT
"""A program in a pseudo-terminal of its own: waits for its screen, presses q, and looks whether the terminal is as
before. What it draws is not kept: a screen has no right bytes, only a right end."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

OPEN = [b"\x1b[?1049h", b"\x1b[?25l", b"\x1b[?1h", b"\x1b[?1000h", b"\x1b[?1006;1000h"]
CLOSED = [b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1l", b"\x1b[?1000l", b"\x1b[?1006;1000l"]


def is_open(text):
    """The first thing that was taken and not given back, or None. ncurses shows the cursor as "?12l?25h" too."""
    for begin, end in zip(OPEN, CLOSED):
        last = text.rfind(begin)
        ends = [text.rfind(end), text.rfind(b"\x1b[?12l" + end[1:]) if b"25" in end else -1]
        if last >= 0 and max(ends) < last:
            return begin
    return None


def run(words, env, folder, before, act, seconds):
    """(exit code as subprocess gives it, "" or what was not given back, stderr)"""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    modes = termios.tcgetattr(slave)

    def begin():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        if before:
            before()

    process = subprocess.Popen(words, cwd=folder, env=env, stdin=slave, stdout=slave, stderr=subprocess.PIPE,
                               preexec_fn=begin)
    if act:
        act(process)
    text, limit, said = b"", time.monotonic() + seconds, False
    while True:
        ready, _, _ = select.select([master], [], [], 0.02)
        if ready:
            text += os.read(master, 65536)
        elif process.poll() is not None:
            break
        if time.monotonic() > limit:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            break
        if not said and b"\x1b[?1049h" in text:
            os.write(master, b"q")
            said = True
    err = process.stderr.read()
    process.stderr.close()
    wrong = is_open(text)
    out = b"" if wrong is None else b"not given back: " + wrong
    if termios.tcgetattr(slave) != modes:
        out += b" the modes are not as before"
    os.close(master)
    os.close(slave)
    return (process.returncode if time.monotonic() <= limit else "hangs"), out, err

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""engines.py PEBBLEVIZ TRACE - the screen's key E says what `report` says of each engine at the same moment."""

import json
import re
import subprocess
import sys

exe, trace = sys.argv[1:]
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
ENGINES = ["first-fit", "best-fit", "recent-fit", "buddy"]


def run(*words, **more):
    return subprocess.run([exe, *words], capture_output=True, check=True, text=True, **more).stdout


def bytes_of(number, unit):
    return float(number) * UNITS[unit]


def near(shown, exact):
    return abs(shown - exact) <= 0.006 * exact + 1  # three digits are shown


def rows_of(screen):
    rows = {}
    for line in screen.splitlines():
        match = re.match(r"[▸ ] (\S+) +([\d.,]+) (\w+) +([\d.]+) % +([\d.,]+) (\w+) +([\d,]+) +([\d.,]+) (\w+) +([\d,]+)\s*$", line)
        if match:
            part = [text.replace(",", "") for text in match.groups()]
            rows[part[0]] = (bytes_of(part[1], part[2]), bytes_of(part[4], part[5]), int(part[6]), bytes_of(part[7], part[8]),
                             int(part[9]))
    return rows


wrong = 0
for moment in ("start", "0", "20000", "peak", "end"):
    for more in ([], ["--heap-limit", "1M"]):
        seen = rows_of(run("view", "--screen", "100x20", "--at", moment, "--keys", "E", *more, trace))
        told = json.loads(run("report", "--json", "--no-timing", "--engine", ",".join(ENGINES), "--at", moment, *more, trace))
        for engine in told["engines"]:
            at = engine["at"]
            held = sum(at[key] for key in ("requested_bytes", "rounding_bytes", "remainder_bytes", "header_bytes", "free_bytes")
                       if key in at)
            row = seen.get(engine["engine"])
            good = row and near(row[0], held) and near(row[1], at["free_bytes"]) and row[2] == at["free_blocks"] and \
                near(row[3], at["largest_free_bytes"])
            if not good:
                print(f"at {moment} {more}: {engine['engine']} shows {row}, and report says {held} {at}", file=sys.stderr)
                wrong += 1
            if moment == "end" and (not row or row[4] != engine["failed"]):
                print(f"{engine['engine']} {more} shows {row}, and report says {engine['failed']} failed", file=sys.stderr)
                wrong += 1
with open(trace, "rb") as file:
    screen = run("view", "--screen", "100x20", "--keys", "E", "-", stdin=file)
piped = subprocess.run(f"cat '{trace}' | '{exe}' view --screen 100x20 --keys E -", shell=True, capture_output=True, text=True, check=True).stdout
for text in (screen, piped):
    if "it is no file" not in text:
        print("standard input cannot be read a second time, and that is not said", file=sys.stderr)
        wrong += 1
sys.exit(wrong > 0)

# SPDX-License-Identifier: MIT
#
# map.py EXE FOLDER - the two forms of a map are one picture: where the SVG has a box, the PNG,
# twice as large, has the box's colour.
import re
import struct
import subprocess
import sys
import zlib

SCALE = 2


def export(form, trace):
    run = subprocess.run([sys.argv[1], "export", "--format", form, trace], capture_output=True)
    if run.returncode != 0:
        sys.exit(f"{form} of {trace}: exit code {run.returncode}: {run.stderr.decode()}")
    return run.stdout


def nearest(a, b, c):
    distances = [abs(b - c), abs(a - c), abs(a + b - 2 * c)]
    return (a, b, c)[distances.index(min(distances))]


def pixels(png):
    """Rows of RGB bytes, of an 8-bit picture without transparency or interlacing."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        sys.exit("not a PNG")
    width, height, *kind = struct.unpack(">IIBBBBB", png[16:29])
    if kind != [8, 2, 0, 0, 0]:
        sys.exit(f"a PNG of another kind: {kind}")
    at, packed = 8, b""
    while at < len(png):
        n, name = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + n] if name == b"IDAT" else b""
        at += n + 12
    data = zlib.decompress(packed)
    rows, before = [], bytearray(width * 3)
    for y in range(height):
        begin = y * (width * 3 + 1)
        how, row = data[begin], bytearray(data[begin + 1 : begin + 1 + width * 3])
        for i in range(len(row)):
            left, corner = (row[i - 3], before[i - 3]) if i >= 3 else (0, 0)
            guess = (0, left, before[i], (left + before[i]) // 2, nearest(left, before[i], corner))
            row[i] = (row[i] + guess[how]) & 255
        rows.append(row)
        before = row
    return width, rows


def compare(trace):
    svg = export("map-svg", trace).decode()
    width, rows = pixels(export("map-png", trace))
    extent = re.search(r'<svg [^>]*width="(\d+)" height="(\d+)"', svg)
    if (width, len(rows)) != tuple(SCALE * int(n) for n in extent.groups()):
        sys.exit(f"{trace}: the PNG is {width} x {len(rows)}")
    boxes = 0
    for fill, path in re.findall(r'<path fill="#(\w{6})" d="([^"]*)"', svg):
        colour = bytes.fromhex(fill)
        for x, y, n in re.findall(r"M(\d+) (\d+)h(\d+)v", path):
            for column in (int(x), int(x) + int(n) - 1):
                at = column * SCALE * 3
                if rows[int(y) * SCALE][at : at + 3] != colour:
                    sys.exit(f"{trace}: the PNG has another colour at {column}, {y}: not {fill}")
            boxes += 1
    return boxes


total = sum(compare(f"{sys.argv[2]}/in/{name}.json") for name in ("small", "broken"))
if total < 30:
    sys.exit(f"{total} boxes only: nothing was compared")
print(f"{total} boxes, one picture")

# SPDX-License-Identifier: MIT
#
# python3.py - what the python3 sample records: four phases, each of which builds much and drops
# most of it, and a cache that keeps a little of each.
import json
import random
import re

random.seed(7)
words = "heap pebble bucket page block list tree first best fit split merge grow".split()
cache = {}


def parse():
    """A document of nested objects: written, parsed again, compared."""
    rows = [{"id": i, "name": random.choice(words) * (1 + i % 5), "tags": words[: i % 7],
             "at": {"x": i * 1.5, "y": [i, i + 1000]}} for i in range(1600)]
    text = json.dumps(rows)
    again = json.loads(text)
    assert again == rows
    cache["parse"] = again[::50]


def sort():
    """Records of growing text, sorted by three keys."""
    rows = [(random.random(), "".join(random.choices(words, k=1 + i % 9)), i) for i in range(5000)]
    for key in (0, 1, 2):
        rows = sorted(rows, key=lambda row: row[key])
    cache["sort"] = rows[::200]


def close_over():
    """Closures over lists that live for very different times."""
    kept = []

    def adder(n):
        seen = [n]

        def add(x):
            seen.append(x)
            return sum(seen)

        return add

    for i in range(4000):
        add = adder(i + 1000)
        add(i)
        if i % 10 == 0:
            kept.append(add)
        if len(kept) > 400:
            del kept[random.randrange(len(kept))]
    cache["close_over"] = kept[::30]


def count():
    """Words of a text counted through a regular expression and a dictionary of lists."""
    text = " ".join(random.choice(words) + str(i % 701) for i in range(7000))
    places = {}
    for found in re.finditer(r"([a-z]+)(\d+)", text):
        places.setdefault(found.group(0), []).append(found.start())
    cache["count"] = {word: at for word, at in places.items() if len(at) > 2}


for phase in (parse, sort, close_over, count):
    phase()
print(sorted(len(kept) for kept in cache.values()))

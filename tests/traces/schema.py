# SPDX-License-Identifier: MIT
#
# schema.py EXE ROOT - holds traces to traces/trace.schema.json: hello.json as it is, and every
# event of what the writer makes, in both forms, of each sample and each log of another tool; and
# sees that the schema refuses what the reader refuses. Exit code 77 without python3-jsonschema.
#
# Events that differ only where the schema does not look are one kind, of which the first is
# validated: a number is told by the bounds that it lies between, a text by whether it is an
# address and how long it is.
import json
import pathlib
import re
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator as Validator
except ImportError:
    sys.exit(77)

exe, root = sys.argv[1], pathlib.Path(sys.argv[2])
schema = json.loads((root / "traces/trace.schema.json").read_text())
Validator.check_schema(schema)
document = Validator(schema)
header = Validator({"$ref": "#/$defs/header", "$defs": schema["$defs"]})
event = Validator({"$ref": "#/$defs/event", "$defs": schema["$defs"]})
ADDRESS = re.compile("0x[0-9a-fA-F]{1,16}")
BOUNDS = (0, 1 << 63, 1 << 64)
FIXED = ("op", "flags")  # whose values the schema names


def kind(value):
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return sum(value >= bound for bound in BOUNDS)
    if isinstance(value, str):
        return "address" if ADDRESS.fullmatch(value) else "text" if len(value) <= 1024 else "long"
    if isinstance(value, list):
        return ("list", frozenset(map(kind, value)))
    return repr(value)


def kind_of(one):
    return frozenset((k, repr(v) if k in FIXED else kind(v)) for k, v in one.items())


known = set()


def validate(events):
    n = 0
    for one in events:
        n += 1
        is_kind = kind_of(one)
        if is_kind not in known:
            event.validate(one)
            known.add(is_kind)
    assert n


def converted(path, form):
    done = subprocess.run([exe, "convert", path, "-", "--to", form], stdout=subprocess.PIPE)
    assert done.returncode == 0, path
    return done.stdout.decode()


hello = root / "traces/samples/hello.json"
document.validate(json.loads(hello.read_text()))
document.validate(json.loads(converted(hello, "json")))
samples = sorted((root / "traces/samples").glob("*.json*"))
foreign = sorted(p for p in (root / "tests/traces/foreign/files").iterdir()
                 if p.suffix not in (".c", ".cc", ".py", ".sh"))
assert len(samples) > 1 and len(foreign) > 1
for path in samples + foreign:
    lines = converted(path, "jsonl").splitlines()
    header.validate(json.loads(lines[0]))
    validate(json.loads(line) for line in lines[1:])
    del lines
    whole = json.loads(converted(path, "json"))
    validate(whole["events"])
    document.validate(dict(whole, events=whole["events"][:1]))
    del whole

# The kinds keep apart what the schema keeps apart.
assert kind(-1) != kind(0) and kind(2**63 - 1) != kind(2**63) and kind(2**64 - 1) != kind(2**64)
assert kind("0x1") != kind("0x") and kind("a" * 1024) != kind("a" * 1025) and kind([1]) != kind([""])
assert kind_of({"op": "free"}) != kind_of({"op": "mark"})

sound = [
    {"op": "malloc", "id": 18446744073709551615, "size": 0, "stack": ["f", 3]},
    {"op": "free", "id": None},
    {"op": "mark", "name": "x", "new": 1},
]
wrong = [
    {"op": "mallocx", "id": 1, "size": 1},
    {"op": "malloc", "id": None, "size": 1},
    {"op": "malloc", "id": 1},
    {"op": "malloc", "id": 1, "size": 9223372036854775808},
    {"op": "malloc", "id": 18446744073709551616, "size": 1},
    {"op": "malloc", "id": 1, "size": "5"},
    {"op": "malloc", "id": 1, "size": -1},
    {"op": "malloc", "id": 1, "size": 1, "addr": "12"},
    {"op": "malloc", "id": 1, "size": 1, "stack": [None]},
    {"op": "malloc", "id": 1, "size": 1, "flags": ["ODD"]},
    {"op": "calloc", "id": 1, "size": 1},
    {"op": "aligned", "id": 1, "size": 1},
    {"op": "mark"},
    {"id": 1},
]
for value, is_sound in [(v, True) for v in sound] + [(v, False) for v in wrong]:
    assert event.is_valid(value) == is_sound, value
    text = '{"format":"pebbleviz-trace","version":1}\n' + json.dumps(value) + "\n"
    done = subprocess.run([exe, "convert", "-", "-", "--to", "jsonl"], input=text.encode(),
                          capture_output=True)
    assert (done.returncode == 0) == is_sound, (value, done.stderr)

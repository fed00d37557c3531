# SPDX-License-Identifier: MIT
#
# schema.py EXE ROOT - holds traces to traces/trace.schema.json: hello.json and what the writer
# makes of it as a whole, of each other sample the first events and some of the rest; and sees
# that the schema refuses what the reader refuses. Exit code 77 without python3-jsonschema.
import json
import pathlib
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
FIRST, EVERY = 300, 997


def converted(path, form):
    done = subprocess.run([exe, "convert", path, "-", "--to", form], stdout=subprocess.PIPE)
    assert done.returncode == 0, path
    return done.stdout.decode()


hello = root / "traces/samples/hello.json"
document.validate(json.loads(hello.read_text()))
document.validate(json.loads(converted(hello, "json")))
for sample in sorted((root / "traces/samples").glob("*.json*")):
    lines = converted(sample, "jsonl").splitlines()
    header.validate(json.loads(lines[0]))
    for i, line in enumerate(lines[1:]):
        if i < FIRST or i % EVERY == 0:
            event.validate(json.loads(line))
for log in sorted((root / "tests/traces/foreign").glob("calls.[!c]*")):
    document.validate(json.loads(converted(log, "json")))

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

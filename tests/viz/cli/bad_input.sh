# SPDX-License-Identifier: MIT
#
# bad_input.sh - what bad input gets: one line with its place, the exit code, nothing half
# written. Each file through report, info, convert and export.
. "$2/lib.sh"
cd "$tmp" || exit 99
head='{"format":"pebbleviz-trace","version":1}'
good='{"op":"malloc","id":1,"size":5}'

# bad CODE FILE TEXT: what report, check and info say of it; convert and export leave nothing.
bad()
{
    run "$1" report --json "$2" && err "pebbleviz: $2$3"
    run "$1" info "$2" && err "pebbleviz: $2$3"
    run "$1" check "$2" && err "pebbleviz: $2$3"
    run "$1" export --format json -o made "$2" && err "pebbleviz: $2$3"
    case $3 in
    *"is used"* | *"are used"*)
        [ -s made ] || fail "$2: export made nothing of the good part"
        run "$1" convert "$2" made.json &&
            err "pebbleviz: $2${3%%;*}; a damaged trace is not converted, nothing was written" ;;
    *)
        [ ! -e made ] || fail "$2: export left a file"
        run "$1" convert "$2" made.json ;;
    esac
    [ "$(wc -l <err)" -eq 1 ] || fail "convert $2: not one line: $(cat err)"
    rm -f made
    left=$(find . -name '*made*')
    [ -z "$left" ] || fail "$2: files left: $left"
}

bad 4 missing.json ": cannot open: No such file or directory"
mkdir folder.json
bad 4 folder.json ": cannot read: Is a directory"
: >empty.json
bad 4 empty.json ": the file is empty"
printf 'hello\n' >text.json
bad 4 text.json ":1:1: this is no trace: it begins with the character h; \`pebbleviz formats\` lists what is read, --pattern reads a log of your own"
printf '\177ELF\002\001\001\000\000\377\376' >binary.json
bad 4 binary.json ":1:1: this is no trace: it begins with the byte 0x7F"
head -c 20000000 /dev/zero >zeros.json
bad 4 zeros.json ":1:1: this is no trace: it begins with the byte 0x00"
printf '{"op":"malloc","addr":4096,"size":48}\n{"op":"free","addr":4096}\n' >foreign.jsonl
bad 4 foreign.jsonl ":1:1: this is no pebbleviz trace: its header has no \"format\"; one call a line is read with --pattern, such as --pattern '{*}\"op\":\"{op}\"{*}\"addr\":{addr},\"size\":{size}{*}'"
printf '{"op":"malloc","id":1,"size":48}\n' >headless.jsonl
bad 4 headless.jsonl ':1:1: this is no pebbleviz trace: its header has no "format"; put {"format":"pebbleviz-trace","version":1} before its events'
printf '{"format":"pebbleviz-trace","version":2,"events":[]}' >version.json
bad 4 version.json ":1:39: only version 1 of the trace format is known here"
printf '{"format":"pebbleviz-trace","version":1,"events":[]}' >none.json
bad 3 none.json ": the trace holds no events"
printf '%s\n' "$head" >none.jsonl
bad 3 none.jsonl ": the trace holds no events"
printf 'xmalloc(7) = 0x3000\nmalloc(9) = 0\n' >none.ltrace
run 3 info none.ltrace
has "none.ltrace: left out: 1 call of xmalloc: what it does with memory is not known" err
has "none.ltrace: the trace holds no events" err
printf '{"format":"pebbleviz-trace","version":1,"events":[%s,{"op":"mal' "$good" >cut.json
bad 4 cut.json ":1:93: the file ends inside a value; the 1 event before it is used"
printf '%s\n%s\n{"op":"malloc","id":2,"size":"5"}\n' "$head" "$good" >type.jsonl
bad 4 type.jsonl ':3:30: "size" must be a whole number from 0 to 2^63-1; the 1 event before it is used, 5 of 107 bytes are lost'
printf '%s\n%s\n{"op":"mallocx","id":2,"size":5}\n' "$head" "$good" >op.jsonl
bad 4 op.jsonl ':3:7: there is no operation "mallocx"; the 1 event before it is used, 27 of 106 bytes are lost'
printf '%s\n{"op":"malloc","id":1}\n' "$head" >key.jsonl
bad 4 key.jsonl ':2:1: malloc wants the key "size"'
printf '%s\n{"op":"malloc","id":1,"size":18446744073709551616}\n' "$head" >large.jsonl
bad 4 large.jsonl ":2:30: a whole number does not fit in 64 bits"
printf '%s\n{"op":"malloc","id":1,"size":-5}\n' "$head" >negative.jsonl
bad 4 negative.jsonl ':2:30: "size" must be a whole number from 0 to 2^63-1'
printf '%s\n{"op":"malloc","id":1,"size":5,"name":"a\001b"}\n' "$head" >control.jsonl
bad 4 control.jsonl ":2:41: a control character stands in a text without an escape"
printf '%s\n{"op":"malloc","id":1,"size":5,"name":"a\377b"}\n' "$head" >utf8.jsonl
bad 4 utf8.jsonl ":2:41: a text is not valid UTF-8"
{
    printf '%s\n{"op":"malloc","id":1,"size":5,"x":' "$head"
    head -c 200000 /dev/zero | tr '\0' '['
} >deep.jsonl
bad 4 deep.jsonl ":2:67: the nesting is deeper than 32 levels"
{
    printf '%s\n{"op":"malloc","id":1,"size":5,"x":"' "$head"
    head -c 20000000 /dev/zero | tr '\0' 'a'
    printf '"}\n'
} >line.jsonl
bad 4 line.jsonl ":2:1: a value is longer than 16 MiB"
printf '%s\n%s\n' "$head" "$good" >good.jsonl
gzip -c <good.jsonl | head -c 40 >cut.jsonl.gz
run 4 report cut.jsonl.gz
has "pebbleviz: cut.jsonl.gz" err
has "the gzip packing is damaged at byte 40 of the file" err
run 0 convert good.jsonl good.json.zst
head -c 40 good.json.zst >cut.zst
run 4 report cut.zst
has "pebbleviz: cut.zst" err
has "the zstd packing is damaged at byte 40 of the file" err

# A name with an escape sequence in it reaches the terminal clean.
name=$(printf 'a\033[31m.json')
run 4 report "$name"
if grep -q "$(printf '\033')" err; then
    fail "an escape sequence of a file's name was printed"
fi

# Catalog files are as hostile as traces.
catalog()
{
    printf '{"format": "pebbleviz-catalog", "version": %s, "buckets": %s}' "$1" "$2" >catalog.json
    run 4 check catalog.json && err "pebbleviz: catalog.json: $3"
    run 4 export --format dot -o made catalog.json && err "pebbleviz: catalog.json: $3"
    [ ! -e made ] || fail "export made a picture of a bad catalog"
}
bucket='"address": "0x1000", "pages": 1, "fit": "first", "largest": 0, "flags": []'
pebble='"address": "0x1030", "size": 64, "state": "used"'
catalog 2 '[]' "it is a catalog of a version other than 1"
catalog 1 '{}' "'buckets' is missing or no array"
catalog 1 '[1]' "buckets[0]: it is no object"
catalog 1 '[{}]' "buckets[0]: 'address' is missing or not \"0x...\""
catalog 1 '[{"address": "0x1000"}]' "buckets[0]: 'pages' is missing or no whole number"
catalog 1 '[{"address": "0x1000", "pages": 18446744073709551615}]' "buckets[0]: 'pages' is too large"
catalog 1 "[{$bucket}]" "buckets[0]: 'pebbles' is missing or no array"
catalog 1 "[{$bucket, \"pebbles\": [{}]}]" \
    "buckets[0].pebbles[0]: 'address' is missing or not \"0x...\""
catalog 1 "[{$bucket, \"pebbles\": [{$pebble}, {\"address\": \"0x1\", \"size\": -1}]}]" \
    "buckets[0].pebbles[1]: 'size' is missing or no whole number"
catalog 1 "[{$bucket, \"pebbles\": [{$pebble, \"flags\": [\"NONE\"]}]}]" \
    "buckets[0].pebbles[0]: 'flags' holds an unknown flag"
catalog 1 "[{$bucket, \"pebbles\": [{$pebble, \"requested\": 65}]}]" \
    "buckets[0].pebbles[0]: 'requested' is more than 'size'"
catalog 1 "[{$bucket, \"pebbles\": [{$pebble, \"name\": 3}]}]" \
    "buckets[0].pebbles[0]: 'name' is no text"
# Of a damaged header the used pebble in front is named, over the end of a bucket too.
pebble='"alignment": 64, "flags": ["VIRTUAL"], "state": "used"'
printf '{"format": "pebbleviz-catalog", "version": 1, "buckets": [
 {"address": "0x1000", "pages": 1, "fit": "first", "largest": 0, "flags": [], "pebbles": [
  {"address": "0x1030", "size": 64, %s, "name": "culprit"},
  {"address": "0x10c0", "size": 4702111234474983744, %s, "name": "victim"},
  {"address": "0x1150", "size": 3680, %s, "name": "edge"}]},
 {"address": "0x2000", "pages": 0, "fit": "first", "largest": 0, "flags": [], "pebbles": [
  {"address": "0x2030", "size": 3968, %s, "name": "next"}]}]}' \
    "$pebble" "$pebble" "$pebble" "$pebble" >overrun.json
run 1 check overrun.json
has "overrun.json: P4 0x10c0 (victim): " out
has " In front of it stands the used pebble at 0x1030 (culprit), which may have overrun." out
has "overrun.json: B3 0x2000: " out
has " In front of it stands the used pebble at 0x1150 (edge), which may have overrun." out
run 1 check --json overrun.json
has '"suspect": {"address": "0x1030", "name": "culprit"}}' out

printf '{"format": "pebbleviz-catalog", "version": 1, "buckets": [' >cut-catalog.json
run 4 check cut-catalog.json
has "pebbleviz: cut-catalog.json:1:" err
finish

# SPDX-License-Identifier: MIT
#
# files.sh - files, pipes and devices: standard input, names with an @, a reader that goes away,
# a full disk, and conversions that keep every event.
. "$2/lib.sh"
cd "$tmp" || exit 99
cp "$here/in/small.json" small.json

# Standard input.
run 0 report --no-timing --json small.json && sed 's/"path": "[^"]*"/"path": ""/' out >wanted.json
"$exe" report --no-timing --json - <small.json | sed 's/"path": "[^"]*"/"path": ""/' >got.json
same wanted.json got.json
cat small.json | "$exe" report --no-timing --json - | sed 's/"path": "[^"]*"/"path": ""/' >got.json
same wanted.json got.json
cat small.json | "$exe" diff -@5 -@5 >/dev/null || fail "two moments of standard input"
run 0 export --format json -o catalog.json small.json
cat catalog.json | "$exe" check - >out || fail "a catalog from a pipe is not checked"
has "no findings in 7 pebbles"
"$exe" check - <catalog.json >out || fail "a catalog from standard input is not checked"
"$exe" export --format json - <catalog.json >got.json || fail "a catalog is not exported again"
same catalog.json got.json

# Names with an @.
cp small.json here@5
run 0 report --json --no-timing here@5
has '"event": 10'
run 0 report --json --no-timing here@5@8
has '"event": 8'
run 4 report nothing@5
err "pebbleviz: nothing: cannot open: No such file or directory"
run 4 report user@host.json
err "pebbleviz: user@host.json: cannot open: No such file or directory"
run 0 report --json small.json@mark:ready
has '"event": 3'
run 2 diff catalog.json@5 small.json

# Conversion: whatever the way, the same events.
run 0 convert small.json a.jsonl.zst
run 0 convert a.jsonl.zst b.json.gz
run 0 convert b.json.gz c.jsonl
run 0 convert small.json d.jsonl
same c.jsonl d.jsonl
run 0 convert d.jsonl - --to json && cp out e.json
run 0 convert small.json f.json
same e.json f.json
run 2 convert small.json x.json --to xml
[ ! -e x.json ] || fail "convert left x.json"

# A name that does not say the form is asked about, not guessed.
for name in x.foo x x.foo.gz x.zst; do
    run 2 convert small.json "$name"
    err "pebbleviz: convert wants --to json, jsonl, pvt or rep: the name '$name' does not end with one of them; see 'pebbleviz help convert'"
    [ ! -e "$name" ] || fail "convert left $name"
done
run 0 convert small.json x.foo --to jsonl
same x.foo d.jsonl

# --from is every command's that reads a trace: what has two readings is read by the one named.
printf '1\n2\n3\n4\na 0 100\n' >two.rep
for command in "view --screen 80x24" "report --no-timing" export "info" "check" "diff" "convert"; do
    set -- two.rep
    [ "$command" != diff ] || set -- two.rep two.rep
    [ "$command" != convert ] || set -- two.rep x.json
    [ "$command" != export ] || set -- two.rep --format json
    # shellcheck disable=SC2086
    run 4 $command --from script "$@"
    has "pebbleviz: two.rep:1:1: an operation is a, r, f or w" err
    # shellcheck disable=SC2086
    run 0 $command --from rep "$@"
    # shellcheck disable=SC2086
    run 2 $command --from tea "$@"
    has "there is no trace format of this name" err
done

# What was there stays when the new file cannot be made.
echo before >kept.json
printf '{"format":"pebbleviz-trace","version":1,"events":[{"op":"mal' >cut.json
run 4 convert cut.json kept.json
[ "$(cat kept.json)" = before ] || fail "convert touched a file that it could not make"

# A native trace without its index: what a killed writer leaves is whole again.
run 0 convert small.json whole.pvt
head -c "$(($(wc -c <whole.pvt) - 1))" whole.pvt >cut.pvt
run 4 convert cut.pvt mended.pvt
[ ! -e mended.pvt ] || fail "convert wrote mended.pvt without being asked"
run 4 convert --partial cut.pvt mended.pvt
[ "$(wc -l <err)" -eq 1 ] || fail "not one line: $(cat err)"
cmp whole.pvt mended.pvt || fail "what was mended differs"
run 5 export --format json -o no/such/folder/x.json small.json
[ "$(wc -l <err)" -eq 1 ] || fail "not one line: $(cat err)"
run 5 convert small.json no/such/folder/x.json

# A full disk.
if [ -c /dev/full ]; then
    for command in "report small.json" "info small.json" "check small.json" \
        "export --format json small.json" "export --format svg small.json" \
        "export --format map-png small.json" \
        "convert small.json -" "help" "diff small.json@1 small.json@2"; do
        n_checks=$((n_checks + 1))
        "$exe" $command >/dev/full 2>err
        code=$?
        [ $code -eq 5 ] || fail "'$command' on a full disk ended with $code"
        [ "$(wc -l <err)" -eq 1 ] || fail "'$command' on a full disk, not one line: $(cat err)"
    done
fi

# A reader that goes away ends it quietly. The output is larger than a pipe holds.
awk 'BEGIN {
    print "{\"format\":\"pebbleviz-trace\",\"version\":1}"
    for (i = 0; i < 3000; i++) {
        printf "{\"op\":\"malloc\",\"id\":%d,\"size\":%d,\"name\":\"t%d\"}\n", i, i * 7 % 500, i % 9
    }
    for (i = 0; i < 3000; i += 3) {
        printf "{\"op\":\"free\",\"id\":%d}\n", i
    }
}' >large.jsonl
for command in "export --format json large.jsonl" "export --format dot --full large.jsonl" \
    "convert large.jsonl -" "diff --json large.jsonl@start large.jsonl"; do
    n_checks=$((n_checks + 1))
    { "$exe" $command 2>err; echo $? >code; } | head -c 1 >/dev/null
    [ ! -s err ] || fail "'$command' said of a reader that went away: $(cat err)"
    [ "$(cat code)" -le 1 ] || fail "'$command' ended with $(cat code)"
done

# Long runs are collapsed above 500 pebbles, and --full draws all.
run 0 export --format dot -o some.dot large.jsonl
run 0 export --format dot --full -o all.dot large.jsonl
n_some=$(grep -c '^    p[0-9]* \[' some.dot)
n_all=$(grep -c '^    p[0-9]* \[' all.dot)
[ "$n_some" -lt 250 ] || fail "$n_some boxes are drawn without --full"
[ "$n_all" -gt 3000 ] || fail "$n_all boxes are drawn with --full"
has " more<br/>" some.dot
run 0 export --format svg -o some.svg large.jsonl
has "</svg>" some.svg

# What the system refuses is no damage: exit 5 and its reason. A name that is wrong is damage.
fails()
{
    expected=$1
    said=$2
    shift 2
    run "$expected" "$@" && err "pebbleviz: $said"
}
for command in info report check "export --format json" "view --screen 80x24"; do
    # shellcheck disable=SC2086 # a command and its options
    if [ -e /proc/self/mem ]; then
        fails 5 "/proc/self/mem: cannot read: Input/output error" $command /proc/self/mem
    fi
    fails 4 "$tmp: cannot read: Is a directory" $command "$tmp"
done
if [ -e /proc/self/mem ]; then
    fails 5 "/proc/self/mem: cannot read: Input/output error" report --machine /proc/self/mem small.json
    fails 5 "/proc/self/mem: cannot read: Input/output error" diff catalog.json /proc/self/mem
    fails 5 "/proc/self/mem: cannot read: Input/output error" convert /proc/self/mem made.jsonl
    [ ! -e made.jsonl ] || fail "a file was left"
fi
fails 2 "$tmp: this is neither a size such as 64M nor a file that can be read" report --machine "$tmp" small.json

# A full disk under whatever is written.
if [ -w /dev/full ]; then
    for format in json dot svg png map-svg; do
        fails 5 "/dev/full: cannot write: No space left on device" export --format $format -o /dev/full small.json
        n_checks=$((n_checks + 1))
        "$exe" export --format $format small.json >/dev/full 2>err
        code=$?
        [ $code -eq 5 ] && grep -q "No space left on device" err ||
            fail "a full standard output, $format: $code, $(cat err)"
    done
fi
finish

# SPDX-License-Identifier: MIT
#
# usage.sh - the command line itself: help, mistakes, what a later version brings, and that the
# manual knows every option. $3 is the manual page.
. "$2/lib.sh"
manual=$(absolute "$3")
cd "$here" || exit 99

usage()
{
    said=$1
    shift
    run 2 "$@" && err "pebbleviz: $said"
    [ ! -s "$tmp/out" ] || fail "'$*' printed something on stdout"
}

for flag in -h --help help; do
    run 0 $flag && silent
    has "Commands:"
done
run 0 && silent
[ "$(grep -c '^  pebbleviz' "$tmp/out")" -eq 3 ] || fail "not three examples without arguments"
run 0 --version && silent
has "pebbleviz "

run 0 help
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$tmp/out")
[ "$(printf '%s\n' $commands | wc -l)" -ge 10 ] || fail "too few commands: $commands"
for command in $commands; do
    [ "$command" != help ] || continue
    run 0 "$command" --help && silent
    cp "$tmp/out" "$tmp/help"
    run 0 "$command" -h
    same "$tmp/help" "$tmp/out"
    run 0 help "$command"
    same "$tmp/help" "$tmp/out"
    if grep -q 'does not have it yet' "$tmp/help"; then
        usage "'$command' comes with a later version; see 'pebbleviz help'" "$command" x
        continue
    fi
    has "Examples:"
    has "  pebbleviz $command"
    has "Cm $command" "$manual"
    for option in $(sed -n '/^Options:/,/^Examples:/s/^  .*--\([a-z-]*\).*/\1/p' "$tmp/help" | sort -u); do
        n_checks=$((n_checks + 1))
        grep -q -e "-$option\\>" "$manual" || fail "the manual does not know --$option"
    done
done

# What can be written is named by help and by the manual, and the manual knows what is exported.
run 0 formats
for format in $(sed -n 's/^\([a-z]*\) *in, out .*/\1/p' "$tmp/out"); do
    has ".Cm $format" "$manual"
    "$exe" help convert | grep -q "$format" || fail "help convert does not name $format"
done
for format in json dot svg png map-svg map-png; do
    n_checks=$((n_checks + 1))
    sed -n '/^\.It Fl f ,/,/^Without/p' "$manual" | tr -d '\\' | grep -q -e "[ ^]$format\>" ||
        fail "the manual does not know --format $format"
done

# A trace of one block: no "1 blocks", "1 events", "1 times".
printf '%s\n' '{"format": "pebbleviz-trace", "version": 1}' '{"op": "malloc", "id": 1, "size": 9}' \
    >"$tmp/one.jsonl"
for command in report info check 'export --format dot' 'export --format map-svg' \
    'view --screen 120x40 --keys L' 'view --screen 120x40 --at start'; do
    # shellcheck disable=SC2086 # a command with its options
    run 0 $command "$tmp/one.jsonl" && silent
    n_checks=$((n_checks + 1))
    ! grep -E '(^|[^0-9.,])1 (other )?(block|event|time|request|pebble|bucket|page|finding)s' "$tmp/out" ||
        fail "$command: one of many"
done
run 0 check "$tmp/one.jsonl"
has "one.jsonl: no findings in 1 event, checked 1 time"

# The heap is at its largest from the first event on, at which 5 bytes live in it: 65,536 / 5 - 1.
{
    echo 'a 0 5'
    seq -f 'a %g 20' 400
    seq -f 'f %g' 0 400
} >"$tmp/script"
run 0 report --json "$tmp/script" && silent
has '"at_peak_heap": 13106.2'

# record refuses a name that says no format, as convert does, before the program runs.
usage "record writes json, jsonl, pvt or rep: the name '$tmp/x.foo' does not end with one of them; see 'pebbleviz help record'" \
    record -o "$tmp/x.foo" -- touch "$tmp/ran"
[ ! -e "$tmp/ran" ] || fail "record ran the program although it cannot write"
usage "convert wants --to json, jsonl, pvt or rep: the name '$tmp/x.foo' does not end with one of them; see 'pebbleviz help convert'" \
    convert in/small.json "$tmp/x.foo"

# What the report says is true of the engine that it is said of.
run 0 report --engine buddy in/small.json && silent
has "buddy: blocks are a page"
for words in "multiples of 64" "bytes a pebble" "new-bucket" "would do for this run"; do
    n_checks=$((n_checks + 1))
    ! grep -q "$words" "$tmp/out" || fail "the report says '$words' of a buddy"
done
run 0 report in/small.json && silent
has "multiples of 64"
n_checks=$((n_checks + 1))
! grep -q "buddy:" "$tmp/out" || fail "the report speaks of a buddy that is not there"

# The peak's blocks are those of the peak's event, not the most of any other.
printf '%s\n' '{"format": "pebbleviz-trace", "version": 1, "events": [' \
    '{"op": "malloc", "id": 1, "size": 100}, {"op": "free", "id": 1},' \
    '{"op": "malloc", "id": 2, "size": 1}, {"op": "malloc", "id": 3, "size": 1}]}' >"$tmp/two.json"
run 0 report --json "$tmp/two.json" && silent
has '"peak_event": 0, "peak_live_bytes": 100, "peak_live_blocks": 1'
has '"most_live_blocks": 2'

usage "there is no command and no file 'reprot', did you mean 'report'?; see 'pebbleviz help'" \
    reprot in/small.json
usage "there is no command 'exprt', did you mean 'export'?; see 'pebbleviz help'" help exprt
usage "report: unknown option '--engin', did you mean '--engine'?; see 'pebbleviz help report'" \
    report --engin best-fit in/small.json
usage "report: unknown option '--xyz'; see 'pebbleviz help report'" report --xyz in/small.json
usage "report has no option '--format'; see 'pebbleviz help report'" report --format svg x
usage "report: unknown option '-z'; see 'pebbleviz help report'" report -z in/small.json
usage "report: --at wants a value: EVENT; see 'pebbleviz help report'" report in/small.json --at
usage "report: --json takes no value; see 'pebbleviz help report'" report --json=1 in/small.json
usage "there is no engine 'first-fitt', did you mean 'first-fit'?; see 'pebbleviz help report'" \
    report --engine first-fitt in/small.json
usage "--machine is from 2M to 511G, not '1M'; see 'pebbleviz help report'" \
    report --machine 1M in/small.json
run 2 report --machine in/no-such in/small.json &&
    err "pebbleviz: in/no-such: this is neither a size such as 64M nor a file that can be read"
run 4 report --machine in/board.txt in/small.json &&
    err "pebbleviz: in/board.txt:3:1: there is more than START LENGTH on the line"
for engine in recorded; do
    usage "engine '$engine' comes with a later version; see 'pebbleviz help report'" \
        report --engine $engine in/small.json
done
for option in pid core image base gdb; do
    usage "check: --$option comes with a later version; see 'pebbleviz help check'" \
        check --$option 1
done
usage "--page wants a size such as 64K, not '0'; see 'pebbleviz help report'" \
    report --engine buddy --page 0 in/small.json
usage "--page is at most 1M, not '2M'; see 'pebbleviz help report'" \
    report --engine buddy --page 2M in/small.json
usage "the engine buddy has no machine: its chunk has no holes; see 'pebbleviz help report'" \
    report --engine first-fit,buddy --machine 64M in/small.json
usage "--low and --high exclude each other; see 'pebbleviz help view'" \
    view --low --high in/small.json
usage "export takes at most 1 engine; see 'pebbleviz help export'" \
    export --format json --engine first-fit,best-fit in/small.json
usage "export wants --format json, dot, svg, png, map-svg or map-png; see 'pebbleviz help export'" \
    export in/small.json
usage "--format is json, dot, svg, png, map-svg or map-png, not 'gif'; see 'pebbleviz help export'" \
    export --format gif in/small.json
usage "--bucket-size wants a size such as 64K, not '64Q'; see 'pebbleviz help report'" \
    report --bucket-size 64Q in/small.json
usage "--growth is 'in-place' or 'new-bucket', not 'up'; see 'pebbleviz help report'" \
    report --growth up in/small.json
usage "--top wants a number, not '-1'; see 'pebbleviz help report'" report --top -1 in/small.json
usage "report: one too many: 'b'; see 'pebbleviz help report'" report a b
usage "check wants a trace or a catalog file; see 'pebbleviz help check'" check
usage "--every wants a number from 1 on; see 'pebbleviz help check'" check --every 0 in/small.json
usage "standard input can be read once only; see 'pebbleviz help check'" check - -
usage "--screen wants COLSxLINES, at most 1000x500, not '0x3'; see 'pebbleviz help view'" \
    view --screen 0x3 in/small.json
usage "--keys goes with --screen; see 'pebbleviz help view'" view --keys a in/small.json
usage "--color is auto, always or never, not 'red'; see 'pebbleviz help view'" \
    view --color red --screen 80x24 in/small.json
usage "in/small.json: there is no moment 'noon'; events are 0 to 12, and there are start, end, peak and mark:NAME" \
    report --at noon in/small.json
usage "in/small.json: there is no moment '13'; events are 0 to 12, and there are start, end, peak and mark:NAME" \
    report in/small.json@13

# Options may stand anywhere, values glued or not; after -- nothing is an option.
run 0 report --no-timing --json --at 8 in/small.json && cp "$tmp/out" "$tmp/a"
run 0 report in/small.json --at=8 --json --no-timing && same "$tmp/a" "$tmp/out"
run 0 report --json --no-timing in/small.json@8 && same "$tmp/a" "$tmp/out"
run 4 report -- --json
run 0 export -fjson in/small.json && cp "$tmp/out" "$tmp/a"
run 0 export in/small.json --format json -o "$tmp/b" && same "$tmp/a" "$tmp/b"
run 0 export in/small.json -o "$tmp/b.json" && same "$tmp/a" "$tmp/b.json"
run 2 export in/small.json -o "$tmp/b.gif"
[ ! -e "$tmp/b.gif" ] || fail "export wrote a gif"

# The same, twice.
for format in json dot svg png map-svg map-png; do
    run 0 export --format $format -o "$tmp/a" in/small.json
    run 0 export --format $format -o "$tmp/b" in/small.json
    same "$tmp/a" "$tmp/b"
done
# A map's file depends on the picture's size, not on the heap's: this heap has 60,000 blocks.
run 0 export --format map-svg -o "$tmp/a" "$here/../../../traces/samples/python3.json.zst"
[ "$(wc -c <"$tmp/a")" -lt 1000000 ] || fail "a map of $(wc -c <"$tmp/a") bytes"
run 0 report --engine first-fit,best-fit --json in/small.json
sed 's/"seconds": [^}]*/"seconds": 0/' "$tmp/out" >"$tmp/a"
run 0 report --engine first-fit,best-fit --json in/small.json
sed 's/"seconds": [^}]*/"seconds": 0/' "$tmp/out" >"$tmp/b"
same "$tmp/a" "$tmp/b"

# The screen, without a terminal; the bare form is view.
run 0 view in/small.json --screen 100x30 && cp "$tmp/out" "$tmp/a"
[ "$(wc -l <"$tmp/a")" -eq 30 ] || fail "a screen of 30 lines has $(wc -l <"$tmp/a")"
run 0 in/small.json --screen 100x30 && same "$tmp/a" "$tmp/out"
run 2 view in/small.json --screen 100x30 --keys '<Nokey>'
run 2 view in/small.json

# The keys, and help on help.
run 0 help keys
grep -q '^  PgUp PgDn ' "$tmp/out" || fail "help keys lists no PgUp"
run 0 help help
grep -q 'help keys' "$tmp/out" || fail "help help knows nothing of help keys"

# What a realloc without a name asks for is its block's tag's.
printf '{"format":"pebbleviz-trace","version":1}\n%s\n%s\n' '{"op":"malloc","id":1,"size":100,"name":"own"}' \
    '{"op":"realloc","id":1,"size":900}' >"$tmp/realloc.jsonl"
run 0 info "$tmp/realloc.jsonl"
grep -q '^ *1000 B  *2  *500 B  own$' "$tmp/out" || fail "a realloc is not its block's tag's"

# Sizes that no process can have are doubted, by info and report; those that one can are not.
for size in 140737488355328 140737488355327; do
    printf '{"format":"pebbleviz-trace","version":1}\n{"op":"malloc","id":1,"size":%s}\n' $size >"$tmp/vast.jsonl"
    for command in info report; do
        run 0 $command "$tmp/vast.jsonl"
        n=$(grep -c 'may not be sizes' "$tmp/out")
        [ "$n" -eq $((size % 2 == 0)) ] || fail "$command doubts $size bytes $n times"
    done
done

# Progress is cut to the terminal's width.
if command -v script >"$tmp/which"; then
    n_checks=$((n_checks + 1))
    cat >"$tmp/slow" <<EOF
stty cols 30
{ echo '{"format":"pebbleviz-trace","version":1}'; sleep 0.7
  seq 5000 | sed 's/.*/{"op":"malloc","id":&,"size":8}/'; } | "$exe" info - >"$tmp/slow.out"
EOF
    script -qc "sh '$tmp/slow'" "$tmp/seen" </dev/null >"$tmp/which"
    tr '\r' '\n' <"$tmp/seen" | grep '^.\[Kreading' | sed 's/^.\[K//' >"$tmp/lines"
    [ -s "$tmp/lines" ] || fail "no progress was shown"
    [ "$(awk '{ print length($0) }' "$tmp/lines" | sort -n | tail -1)" -eq 29 ] ||
        fail "progress on 30 columns: $(cat "$tmp/lines")"
else
    echo "skipped: progress on a narrow terminal, there is no 'script'"
fi
finish

# SPDX-License-Identifier: MIT
#
# edges.sh - what lies on a border: the worst of several exit codes, a difference that rounds to
# nothing, a sick pebble among thousands that are drawn as one box.
. "$2/lib.sh"
cd "$tmp" || exit 99
head='{"format":"pebbleviz-trace","version":1}'

# Damage weighs more than nothing to work on, whichever comes first.
echo "$head" >nothing.json
printf '%s\n{"op":"malloc","id":1,"size":5}\n{' "$head" >cut.json
run 3 check nothing.json
run 4 check cut.json
run 4 check nothing.json cut.json
run 4 check cut.json nothing.json

# Best fit holds some 0.02 % less than first fit: less rounds to nothing, and nothing has no minus.
{
    echo "$head"
    id=0
    for size in 400000000 100000 64 60000 64; do
        id=$((id + 1))
        echo "{\"op\":\"malloc\",\"id\":$id,\"size\":$size}"
    done
    printf '{"op":"free","id":2}\n{"op":"free","id":4}\n'
    printf '{"op":"malloc","id":6,"size":60000}\n{"op":"malloc","id":7,"size":100000}\n'
} >holes.json
run 0 report --no-timing --engine first-fit,best-fit --at end holes.json
n_checks=$((n_checks + 1))
grep -q -F -e '+0.0 %' out || fail "no difference rounds to nothing"
if grep -q -F -e '-0.0' out; then
    fail "a difference is -0.0"
fi

# The end of a trace is looked at, whatever --every says, and once.
run 0 check --every 1000 holes.json
has "checked 1 time"
run 0 check --every 3 holes.json
has "checked 3 times"
run 0 check --every 4 holes.json
has "checked 3 times"

# The same finding of the same address is told once.
{
    echo '{"format": "pebbleviz-catalog", "version": 1, "buckets": [{"address": "0x100000",'
    echo '"pages": 1, "fit": "first", "largest": 0, "flags": [], "pebbles": ['
    row='{"address": "0x100030", "size": 8, "state": "used", "flags": ["VIRTUAL"], "name": "a"}'
    echo "$row,"
    echo "$row,"
    echo "$row]}]}"
} >twice.json
run 1 check twice.json
n_checks=$((n_checks + 1))
[ "$(grep -c ': P3 0x100030' out)" = 1 ] || fail "P3 is not told once"

# The rest are catalogs with headers of 80 bytes.
[ "$names" = 1 ] || finish

# A thousand pebbles of one size: most are in one box, the sick one stands by itself, in red.
awk 'BEGIN {
    print "{\"format\": \"pebbleviz-catalog\", \"version\": 1, \"buckets\": [{\"address\": \"0x0\","
    print "\"pages\": 36, \"fit\": \"first\", \"largest\": 3328, \"flags\": [], \"pebbles\": ["
    for (i = 0; i < 1000; i++) {
        printf "{\"address\": \"0x%x\", \"size\": 64, \"state\": \"used\", \"alignment\": 64, ",
            1048576 + 48 + i * 144
        printf "\"flags\": [\"VIRTUAL\"%s], \"name\": \"%s\"},\n", i == 500 ? ", \"PHYSICAL\"" : "",
            i == 500 ? "sick" : "well"
    }
    printf "{\"address\": \"0x%x\", \"size\": 3328, \"state\": \"free\"}]}]}\n", 1048576 + 48 + 144000
}' | sed 's/"address": "0x0"/"address": "0x100000"/' >thousand.json
run 1 check thousand.json
run 0 export --format dot thousand.json
has "<b>sick</b>"
n_checks=$((n_checks + 1))
grep '<b>sick</b>' out | grep -q 'color="#D00000"' || fail "the sick pebble is not red"
has " more<br/>"

# Some large pebbles, many small ones and a last one that is neither: it is shown, as each
# bucket's ends are. Nothing is sick, which would show it, too.
awk 'BEGIN {
    print "{\"format\": \"pebbleviz-catalog\", \"version\": 1, \"buckets\": [{\"address\":"
    print "\"0x100000\", \"pages\": 93, \"fit\": \"first\", \"largest\": 0, \"flags\": [],"
    print "\"pebbles\": ["
    at = 1048576 + 48
    for (i = 0; i < 961; i++) {
        size = i < 60 ? 4096 : i < 960 ? 64 : 640
        printf "%s{\"address\": \"0x%x\", \"size\": %d, \"state\": \"used\", ", i ? "," : "", at, size
        printf "\"flags\": [\"VIRTUAL\"], \"name\": \"%s\"}\n", i == 960 ? "the last" : "other"
        at += 80 + size
    }
    print "]}]}"
}' >last.json
run 0 check last.json
run 0 export --format dot last.json
has "    p960 [label=<<b>the last</b>"

# Forty buckets of twenty pebbles: the ones in the middle become one box.
awk 'BEGIN {
    print "{\"format\": \"pebbleviz-catalog\", \"version\": 1, \"buckets\": ["
    for (b = 0; b < 40; b++) {
        base = 1048576 + b * 65536
        printf "%s{\"address\": \"0x%x\", \"pages\": 1, \"fit\": \"first\", ", b ? "," : "", base
        print "\"largest\": 0, \"flags\": [], \"pebbles\": ["
        for (i = 0; i < 20; i++) {
            printf "%s{\"address\": \"0x%x\", \"size\": %d, \"state\": \"used\", ",
                i ? "," : "", base + 48 + i * 144, i < 19 ? 64 : 1232
            print "\"flags\": [\"VIRTUAL\"], \"name\": \"x\"}"
        }
        print "]}"
    }
    print "]}"
}' >forty.json
run 0 export --format dot forty.json
has " 23 more buckets<br/>460 used, 0 free<br/>"

# What info lists of a heap's refusals is what a report lists, and what it counts without a heap
# stays as it is.
awk 'BEGIN {
    print "{\"format\": \"pebbleviz-trace\", \"version\": 1, \"events\": ["
    for (i = 0; i < 200; i++) {
        printf "%s{\"op\": \"malloc\", \"id\": %d, \"size\": 1000, \"name\": \"t%d\"}\n", i ? "," : "", i, i % 7
    }
    print "]}"
}' >tight.json
for heap in "--engine first-fit,buddy --heap-limit 64K" "--heap-limit 64K" "--engine best-fit"; do
    run 0 report --no-timing --json $heap tight.json
    grep '"why":' "$tmp/out" | sed 's/[]} ,]*$//' >refused
    run 0 info --json $heap tight.json
    grep '"why":' "$tmp/out" | sed 's/[]} ,]*$//' | cmp - refused || fail "info $heap: other refusals"
    sed '/"replays"/,$d; s/[]}, ]*$//' "$tmp/out" >beside
    run 0 info --json tight.json
    sed 's/[]}, ]*$//' "$tmp/out" | cmp - beside || fail "info $heap: other counts than without a heap"
done
[ ! -s refused ] || fail "a heap without a limit refuses"
finish

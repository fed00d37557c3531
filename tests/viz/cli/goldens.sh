# SPDX-License-Identifier: MIT
#
# goldens.sh - what the commands print, byte for byte, on small traces. PV_UPDATE_GOLDENS=1
# rewrites the goldens; look at the difference before it is committed. $3, when there, is another
# directory of goldens (golden_can_fail.sh).
#
# The goldens are of 80-byte headers. In a build without names a header has 48, and those that
# show `places` are compared without their numbers and bars: words, tags and order must be the same.
. "$2/lib.sh"
goldens=${3:-$here/goldens}
samples=../../../traces/samples
cd "$here" || exit 99

golden()
{
    name=$1
    shift
    run "$@" || return
    if [ "${PV_UPDATE_GOLDENS:-}" = 1 ] && [ "$names" = 1 ]; then
        cp "$tmp/out" "$goldens/$name"
        return
    fi
    compare "$goldens/$name" "$tmp/out"
}

compare()
{
    n_checks=$((n_checks + 1))
    if ! cmp -s "$1" "$2"; then
        fail "golden $name (PV_UPDATE_GOLDENS=1 rewrites it):"
        diff "$1" "$2" | head -n 20
    fi
}

without_numbers()
{
    sed -E 's/0x[0-9a-f]+|[0-9][0-9,.]*/N/g; s/N ([KMG]i)?B\b/N B/g; s/ +/ /g; s/[|][-#+h.]+[|]/|bar|/'
}

places()
{
    if [ "$names" = 1 ]; then
        golden "$@"
        return
    fi
    name=$1
    shift
    run "$@" || return
    without_numbers <"$goldens/$name" >"$tmp/wanted"
    without_numbers <"$tmp/out" >"$tmp/words"
    compare "$tmp/wanted" "$tmp/words"
}

golden help.txt 0 help
golden short.txt 0
for command in view report export info convert formats diff check record inspect live; do
    golden "help-$command.txt" 0 help $command
done
golden formats.txt 0 formats
golden formats.json 0 formats --json
golden info.txt 0 info in/small.json
golden info.json 0 info --json in/small.json
places info-limit.txt 0 info --engine first-fit,buddy --heap-limit 64K in/small.json
places info-limit.json 0 info --json --engine first-fit --heap-limit 64K in/small.json
places report.txt 0 report --no-timing in/small.json
places report.json 0 report --no-timing --json --top 2 in/small.json
places report-both.txt 0 report --no-timing --engine first-fit,best-fit --at 8 in/small.json
places report-both.json 0 report --no-timing --engine first-fit,best-fit --at 8 --json in/small.json
places report-start.txt 0 report --no-timing --at start in/small.json
places report-limit.txt 0 report --no-timing --heap-limit 64K in/small.json
places catalog.json 0 export --format json in/small.json
places catalog-start.json 0 export --format json --at start in/small.json
places catalog-new-bucket.json 0 export --format json --growth new-bucket in/small.json
places catalog.dot 0 export --format dot in/small.json
places catalog-new-bucket.dot 0 export --format dot --growth new-bucket in/small.json
places machine.json 0 export --format json --machine 64M --at end in/machine.json
places machine-report.txt 0 report --no-timing --machine 64M in/machine.json
golden broken.dot 0 export --format dot in/broken.json
places inject.json 0 export --format json in/inject.jsonl
places inject.dot 0 export --format dot in/inject.jsonl
# A map's pixels move with the headers' size.
if [ "$names" = 1 ]; then
    golden map.svg 0 export --format map-svg in/small.json
    golden map-new-bucket.svg 0 export --format map-svg --growth new-bucket in/small.json
    golden map-broken.svg 0 export --format map-svg in/broken.json
    golden map-inject.svg 0 export --format map-svg in/inject.jsonl
    golden map-buddy.svg 0 export --format map-svg --engine buddy in/small.json
fi
places diff.txt 1 diff in/small.json@5 in/small.json@end
places diff.json 1 diff --json in/small.json@5 in/small.json@end
places diff-engines.txt 0 diff --engine first-fit,best-fit in/small.json@peak in/small.json@peak
golden check.txt 0 check in/small.json
golden check.json 0 check --json in/small.json
golden check-broken.txt 1 check in/broken.json
golden check-broken.json 1 check --json in/broken.json in/small.json
golden rules.txt 0 check --rules
golden rules.json 0 check --rules --json
places report-four.txt 0 report --no-timing --engine first-fit,best-fit,recent-fit,buddy in/small.json
golden report-buddy.json 0 report --no-timing --json --engine buddy --page 24 --high in/small.json
golden catalog-buddy.json 0 export --format json --engine buddy in/small.json
golden catalog-buddy.dot 0 export --format dot --engine buddy in/small.json
golden catalog-buddy-high.dot 0 export --format dot --engine buddy --high --page 100 in/small.json
golden check-buddy.txt 0 check --engine buddy in/small.json
golden converted.jsonl 0 convert in/small.json - --to jsonl
golden sample-info.txt 0 info "$samples/hello.json"
places sample-report.txt 0 report --no-timing --engine first-fit,best-fit "$samples/hello.json"
places sample-report.json 0 report --no-timing --json "$samples/hello.json"
places sample.dot 0 export --format dot "$samples/hello.json"
places sample.json 0 export --format json --at end "$samples/hello.json"

# Reports fit in 100 columns; tags and paths aside.
for report in report.txt report-four.txt report-both.txt report-start.txt report-limit.txt; do
    n_checks=$((n_checks + 1))
    awk 'length($0) > 100 { exit 1 }' "$goldens/$report" || fail "$report is wider than 100 columns"
done
for help in "$goldens"/help*.txt "$goldens/short.txt"; do
    n_checks=$((n_checks + 1))
    awk 'length($0) > 100 { exit 1 }' "$help" || fail "$help is wider than 100 columns"
done
finish

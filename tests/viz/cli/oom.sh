# SPDX-License-Identifier: MIT
#
# oom.sh - out of memory at any request of ours: exit 5, one line, no half file, no leak. $1 is
# the executable with own_failing.c. Each command, request 1, 2, 3... and then ever fewer, until
# it succeeds; once the request alone fails, once all after it too.
. "$2/lib.sh"
cd "$tmp" || exit 99
cp "$here/in/small.json" .
head -n 4 small.json | tail -n 1 >/dev/null
run 0 export --format json -o catalog.json small.json

sweep()
{
    fine=$1
    shift
    for sticky in 0 1; do
        n=1
        points=0
        while :; do
            rm -f made*
            n_checks=$((n_checks + 1))
            PV_FAIL_AT=$n PV_FAIL_STICKY=$sticky "$exe" "$@" >out 2>err </dev/null
            code=$?
            if [ $code -eq "$fine" ] && [ ! -s err ]; then
                break
            fi
            if [ $code -ne 5 ]; then
                fail "'$*', request $n of memory (sticky $sticky): exit $code: $(head -n 5 err)"
                break
            fi
            if [ "$(cat err)" != "pebbleviz: out of memory" ]; then
                fail "'$*', request $n (sticky $sticky) said: $(head -n 5 err)"
                break
            fi
            left=$(find . -name '*made*')
            if [ -n "$left" ]; then
                fail "'$*', request $n (sticky $sticky) left $left"
                break
            fi
            points=$((points + 1))
            n=$((n + 1 + n / 4))
        done
        [ $points -gt 2 ] || fail "'$*' (sticky $sticky): only $points points of failure"
    done
}

sweep 0 report small.json
sweep 0 report --json --engine first-fit,best-fit small.json@8
sweep 0 info --json small.json
sweep 0 export --format json -o made.json small.json
sweep 0 export --format svg -o made.svg small.json
sweep 0 convert small.json made.jsonl.zst
sweep 1 diff small.json@5 small.json
sweep 1 diff --json catalog.json small.json@3
sweep 0 check --every 4 small.json
sweep 0 check catalog.json
sweep 0 view --screen 80x24 small.json
finish

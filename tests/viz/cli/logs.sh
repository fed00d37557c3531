# SPDX-License-Identifier: MIT
#
# logs.sh - what a log of another tool does not tell is told: by each command on stderr, by info
# among what it prints; and the process that is read is the one asked for.
. "$2/lib.sh"
logs=$2/../../traces/foreign/files
cd "$tmp" || exit 99

# says TEXT: this is one line of several on stderr.
says()
{
    n_checks=$((n_checks + 1))
    grep -qFx -e "$1" err || fail "this is not said on stderr: $1"
}

# Nothing to tell, nothing told.
run 0 report --no-timing "$here/in/small.json"
[ ! -s err ] || fail "a whole trace is told to lack something"

# Every command that reads a trace says it.
printf 'malloc(1) = 0x10\nxyz_alloc(2) = 0x20\ngetline(1, 2) = 3\nfree(0x30) = 0\n' >part.ltrace
for command in report info "view --screen 80x24" "export --format json" check "convert --to json"; do
    out=
    [ "$command" != "convert --to json" ] || out=-
    # shellcheck disable=SC2086 # words
    run 0 $command part.ltrace $out
    if [ "$command" = info ]; then
        has "left out: 1 call of xyz_alloc: what it does with memory is not known"
        has "left out: 1 free of memory that no call in the log has given"
        [ ! -s err ] || fail "info says on stderr what it prints"
    else
        says "pebbleviz: part.ltrace: left out: 1 call of xyz_alloc: what it does with memory is not known"
        says "pebbleviz: part.ltrace: left out: 1 call of getline: the log does not show where its memory lies, or how much it is"
        says "pebbleviz: part.ltrace: left out: 1 free of memory that no call in the log has given"
    fi
done
printf 'xalloc(16) = 0x1000\nfree(0x7000) = <void>\n+++ exited (status 0) +++\n' >none.ltrace
for heap in "" "--engine buddy"; do
    run 3 info --json --from ltrace $heap none.ltrace
    has '"kind": "left-calls", "name": "xalloc", "count": 1'
    has '"events": {"all": 0,'
    run 3 info --from ltrace $heap none.ltrace
    says "pebbleviz: none.ltrace: the trace holds no events"
    [ ! -s "$tmp/out" ] || fail "info prints an empty trace"
done

run 0 info --json part.ltrace
has '{"kind": "left-calls", "name": "xyz_alloc", "count": 1, "text": "left out: 1 call of xyz_alloc: what it does with memory is not known"}'

# Many kinds: the first few, and how many there are more.
for i in 1 2 3 4 5 6 7 8; do
    echo "x${i}_alloc(1) = 0x1$i"
done >>part.ltrace
run 0 report --no-timing part.ltrace
says "pebbleviz: part.ltrace: 5 more lines of this kind are listed by \`pebbleviz info\`"

# A tag is its whole name: two that begin alike are two.
dir=/home/user/code/project/build/app
printf '= Start\n@ %s:(parse+0x10)[0x4011a7] + 0x1000 0x10\n@ %s:(load+0x20)[0x4012b7] + 0x2000 0x20\n' \
    "$dir" "$dir" >tags.mtrace
run 0 info tags.mtrace
has "$dir:(parse+0x10)[0x4011a7]"
has "$dir:(load+0x20)[0x4012b7]"
run 0 export --format json tags.mtrace
has '"name": "'"$dir:(load+0x20)[0x4012b7]"'"'
for form in dot map-svg; do
    run 0 export --format $form tags.mtrace
    has "app:(load+0x20)"
    has "app:(parse+0x10)"
done
run 0 report --json --top 2 --no-timing tags.mtrace
has '"'"$dir:(parse+0x10)[0x4011a7]"'"'
run 1 diff tags.mtrace@start tags.mtrace@0
has "$dir:(parse+0x10)[0x4011a7]"

# Processes: the first, another, its next program, none.
cp "$logs/exec.ltrace" "$logs/exec.valgrind" "$logs/fork.mtrace" .
row()
{
    has "$(printf '%s%13s %12s  %s' "$@")"
}
first=$(sed -n '1s/ .*//p' exec.ltrace)
child=$(sed -n 's/ .*fork resumed> .*= 0$//p' exec.ltrace)
run 0 info exec.ltrace
row '*' "$first" 2 "not said"
row ' ' "$first.2" 6 "not said"
row ' ' "$child" 2 "not said"
run 0 info --process "$first.2" exec.ltrace
row '*' "$first.2" 6 "not said"
has "events              6: 3 malloc, 3 free"
run 0 report --json --no-timing --process "$first.2" exec.ltrace
has '"events": 6'
run 3 convert --process "$child" exec.ltrace child.json # it frees what its parent got
says "pebbleviz: exec.ltrace: left out: 2 frees of memory that no call in the log has given"
first=$(sed -n '1s/^==\([0-9]*\)==.*/\1/p' exec.valgrind)
run 0 info --process "$first.2" exec.valgrind
row '*' "$first.2" 6 "./library fork"
row ' ' "$first" 2 "./library exec"
has "events              6: 3 malloc, 3 free"
run 0 check --process "$first" exec.valgrind
run 0 info --process 1.2 fork.mtrace
has "events              6: 3 malloc, 3 free"
run 2 info --process 3 exec.ltrace
err "pebbleviz: exec.ltrace: no such process allocates here; \`pebbleviz info\` lists them"
run 2 info --process x exec.ltrace
err "pebbleviz: exec.ltrace: a process is its number, or NUMBER.PART"
run 2 report --process 3 "$here/in/small.json"
err "pebbleviz: $here/in/small.json: this format does not tell processes apart"
finish

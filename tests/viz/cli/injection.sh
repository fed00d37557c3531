# SPDX-License-Identifier: MIT
#
# injection.sh - hostile tags reach no output raw. $3 reads DOT with Graphviz's own parser.
. "$2/lib.sh"
dot_read=$(absolute "$3")
cd "$here" || exit 99

# What would act in a terminal or turn the text around: ESC, other controls, U+202E, U+2066.
clean()
{
    n_checks=$((n_checks + 1))
    if tr -d '\n' <"$1" | grep -q "$(printf '[\001-\037\177]')"; then
        fail "$1 holds control characters"
    fi
    for bytes in '\342\200\256' '\342\201\246' '\302\233'; do
        if grep -q "$(printf "$bytes")" "$1"; then
            fail "$1 holds the bytes $bytes"
        fi
    done
}

for format in json dot svg map-svg; do
    run 0 export --format $format -o "$tmp/made.$format" in/inject.jsonl
    clean "$tmp/made.$format"
done
for command in "report --no-timing" "report --no-timing --json --top 9" info "info --json" \
    "diff in/inject.jsonl@start" "diff --json in/inject.jsonl@start" check \
    "view --screen 120x40" "convert --to jsonl - "; do
    case $command in
    convert*) "$exe" convert in/inject.jsonl - --to jsonl >"$tmp/out" || fail "convert" ;;
    *) "$exe" $command in/inject.jsonl >"$tmp/out" 2>"$tmp/err" || [ $? -eq 1 ] || fail "$command" ;;
    esac
    clean "$tmp/out"
done

# DOT, read back: as many nodes as pebbles and buckets, and the labels are what they were.
n_checks=$((n_checks + 1))
"$dot_read" "$tmp/made.dot" >"$tmp/nodes" || fail "Graphviz does not read the DOT file"
[ "$(grep -c '^node' "$tmp/nodes")" -eq 10 ] || fail "not 10 nodes: $(cat "$tmp/nodes")"
[ "$(grep -c '^attribute.*\(URL\|href\|image\)' "$tmp/nodes")" -eq 0 ] || fail "an attribute came in"

# SVG: well-formed, no script, every tag readable as it is.
if command -v xmllint >/dev/null; then
    n_checks=$((n_checks + 1))
    xmllint --noout "$tmp/made.svg" || fail "the SVG is not well-formed"
    xmllint --noout "$tmp/made.map-svg" || fail "the map is not well-formed"
fi
for bad in '<script' '</svg><' '<b>'; do
    n_checks=$((n_checks + 1))
    if grep -F -q "$bad" "$tmp/made.svg"; then
        fail "the SVG holds $bad"
    fi
done
[ "$(grep -c '</svg>' "$tmp/made.svg")" -eq 1 ] || fail "the SVG ends more than once"
has '\N\G\l\' "$tmp/made.svg"
has '{|}&lt;f0&gt;' "$tmp/made.svg"
has '&lt;/svg&gt;&lt;script&gt;x' "$tmp/made.svg"
has ']]&gt;' "$tmp/made.svg"
finish

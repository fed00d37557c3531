# SPDX-License-Identifier: MIT
#
# lib.sh - what the tests of the command line share: run the real executable, hold it to an exit
# code and to what it says, count failures. Sourced with $1 the executable, $2 the folder of the
# test's files.
set -u

absolute()
{
    case $1 in
    /*) echo "$1" ;;
    *) echo "$PWD/$1" ;;
    esac
}

exe=$(absolute "$1")
here=$(absolute "$2")
LC_ALL=C
export LC_ALL
unset NO_COLOR
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' INT TERM
names=${PV_NAMES:-1} # 0: built with -Dnames=false
n_checks=0
n_failed=0

fail()
{
    n_failed=$((n_failed + 1))
    echo "FAILED: $*"
}

# run CODE ARGUMENT...: runs it in the present directory; stdout to $tmp/out, stderr to $tmp/err.
run()
{
    wanted=$1
    shift
    n_checks=$((n_checks + 1))
    "$exe" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    code=$?
    if [ $code -ne "$wanted" ]; then
        fail "'$*' ended with $code, not $wanted; it said:"
        head -n 20 "$tmp/err"
        return 1
    fi
}

# err TEXT: the last run said exactly this line on stderr.
err()
{
    n_checks=$((n_checks + 1))
    printf '%s\n' "$1" >"$tmp/wanted"
    if ! cmp -s "$tmp/wanted" "$tmp/err"; then
        fail "stderr is not as it should be:"
        diff "$tmp/wanted" "$tmp/err"
    fi
}

silent()
{
    n_checks=$((n_checks + 1))
    [ ! -s "$tmp/err" ] || fail "something on stderr: $(head -n 3 "$tmp/err")"
}

# has TEXT [FILE]: the text stands in the file, else in the last run's stdout.
has()
{
    n_checks=$((n_checks + 1))
    grep -F -q -e "$1" "${2:-$tmp/out}" || fail "'$1' is missing in ${2:-the output}"
}

# same FILE FILE
same()
{
    n_checks=$((n_checks + 1))
    cmp "$1" "$2" || fail "$1 and $2 differ"
}

finish()
{
    echo "$n_checks checks, $n_failed failed"
    [ $n_checks -gt 0 ] && [ $n_failed -eq 0 ]
    exit
}

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# readme.sh ROOT TOOL - what the README and the tour show is what the tool prints: each fenced block behind a
# line `<!-- made by: pebbleviz … -->` is made again and compared, and so is each picture behind
# `<!-- picture by: pebbleviz … -->`. With PV_UPDATE_GOLDENS set the README and its pictures are
# rewritten. Every file that it links to is there. The lists in the manual page, behind a line
# `.\" made by: pebbleviz …`, are held to the tool in the same way.

root=$1 tool=$2
case $tool in
/*) ;;
*) tool=$PWD/$tool ;;
esac
readme=$root/README.md
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$root" || exit 1

pebbleviz() {
    LC_ALL=C.UTF-8 "$tool" "$@"
}

# A page with its blocks made again; their number goes to $work/n.
remake() {
    n_blocks=0 in_block=0 command=''
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '<!-- made by: '*' -->')
            command=${line#'<!-- made by: '}
            command=${command%' -->'}
            ;;
        '```'*)
            if [ -n "$command" ]; then
                printf '%s\n' "$line"
                eval "$command" || echo "the command failed: $command"
                command='' in_block=1 n_blocks=$((n_blocks + 1))
                continue
            fi
            in_block=0
            ;;
        esac
        [ "$in_block" = 1 ] || printf '%s\n' "$line"
    done <"$1"
    echo "$n_blocks" >"$work/n"
}

status=0
hold() { # PAGE, and how many blocks it has at least
    remake "$root/$1" >"$work/page"
    if [ "$(cat "$work/n")" -lt "$2" ]; then
        echo "$1: $(cat "$work/n") blocks are marked as made by the tool; there should be $2"
        status=1
    fi
    if ! diff -u "$root/$1" "$work/page"; then
        if [ -n "${PV_UPDATE_GOLDENS:-}" ]; then
            cat "$work/page" >"$root/$1"
        else
            echo "$1 shows what the tool does not print; PV_UPDATE_GOLDENS=1 rewrites it"
            status=1
        fi
    fi
}
hold README.md 2 # a screen and a report
hold viz/TOUR.md 7

manual=$root/viz/man/pebbleviz.1
n_lists=0 in_list=0 command=''
while IFS= read -r line; do
    case $line in
    '.\" made by: '*)
        command=${line#'.\" made by: '}
        ;;
    '.Bd -literal')
        if [ -n "$command" ]; then
            printf '%s\n' "$line"
            eval "$command" >"$work/list" || echo "the command failed: $command"
            fold -s -w 78 "$work/list" | sed 's/ *$//; s/\\/\\e/g; s/^[.'\'']/\\\&&/; s/-/\\-/g'
            command='' in_list=1 n_lists=$((n_lists + 1))
            continue
        fi
        ;;
    '.Ed')
        in_list=0
        ;;
    esac
    [ "$in_list" = 1 ] || printf '%s\n' "$line"
done <"$manual" >"$work/manual"
if [ "$n_lists" -lt 2 ]; then
    echo "the manual page: $n_lists lists are made by the tool; there should be the keys and the formats"
    status=1
fi
if ! diff -u "$manual" "$work/manual"; then
    if [ -n "${PV_UPDATE_GOLDENS:-}" ]; then
        cat "$work/manual" >"$manual"
    else
        echo "the manual page lists what the tool does not; PV_UPDATE_GOLDENS=1 rewrites it"
        status=1
    fi
fi

n_pictures=0 command=''
while IFS= read -r line; do
    case $line in
    '<!-- picture by: '*' -->')
        command=${line#'<!-- picture by: '}
        command=${command%' -->'}
        ;;
    '!['*)
        if [ -n "$command" ]; then
            picture=${line##*\(}
            picture=${picture%)*}
            n_pictures=$((n_pictures + 1))
            eval "$command" >"$work/picture" || echo "the command failed: $command"
            command=''
            if [ -n "${PV_UPDATE_GOLDENS:-}" ]; then
                cp "$work/picture" "$picture"
            elif ! cmp "$picture" "$work/picture"; then
                echo "$picture is not what the tool draws; PV_UPDATE_GOLDENS=1 rewrites it"
                status=1
            fi
        fi
        ;;
    esac
done <"$readme"
if [ "$n_pictures" -lt 1 ]; then
    echo "README.md: no picture is marked as made by the tool"
    status=1
fi
for link in $(grep -o '](\([^)]*\))' README.md CONTRIBUTING.md | sed 's/.*](//; s/)$//; /^http/d'); do
    if [ ! -e "$link" ]; then
        echo "README.md or CONTRIBUTING.md links to $link, which is not there"
        status=1
    fi
done
exit $status

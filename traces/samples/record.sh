#!/bin/sh
# SPDX-License-Identifier: MIT
#
# record.sh [NAME…] - makes the samples again, all or these, from real programs of this machine:
# sqlite3, python3, git, gcc and graphviz must be installed. The figures in README.md are those of
# Debian 12; other versions of the programs make other events. Packed harder than the recorder does,
# because the files are kept in the repository.
set -eu
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -P -- "$here/../.." && pwd)
tool=${PEBBLEVIZ:-$root/pebbleviz}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C HOME="$dir" TZ=UTC

record() { # record NAME OPTION… -- PROGRAM…
    name=$1
    shift
    "$tool" record -o "$dir/$name.json" "$@" >/dev/null
    if [ "$name" = hello ]; then
        cp "$dir/$name.json" "$here/$name.json"
    else
        zstd -q -19 -f "$dir/$name.json" -o "$here/$name.json.zst"
    fi
}

make_hello() {
    cd "$root"
    record hello -- ls core
}

make_sqlite3() {
    cd "$here"
    record sqlite3 -- sqlite3 :memory: '.read sqlite3.sql'
}

make_python3() {
    cd "$here"
    PYTHONMALLOC=malloc PYTHONHASHSEED=0 \
        record python3 --no-times --no-addresses --no-threads -- /usr/bin/python3.11 -S python3.py
}

make_git() {
    mkdir "$dir/repository"
    cd "$dir/repository"
    export GIT_CONFIG_NOSYSTEM=1
    export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org
    export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
    git init -q .
    i=0
    while [ $i -lt 150 ]; do
        i=$((i + 1))
        seq $i $((i + 200)) | awk -v i=$i '{ print $1 * $1 * i % 97, "line", $1 }' >"file$((i % 11))"
        export GIT_AUTHOR_DATE="$((1767225600 + i * 60)) +0000"
        export GIT_COMMITTER_DATE="$GIT_AUTHOR_DATE"
        git add .
        git commit -q -m "step $i"
    done
    record git -- git log --patch --stat
}

make_gcc() {
    cd "$root"
    gcc -std=c17 -ffreestanding -I. -E core/text.c -o "$dir/text.i"
    cd "$dir"
    record gcc -- "$(gcc -print-prog-name=cc1)" -quiet -fpreprocessed -O2 -std=c17 text.i -o text.s
}

make_dot() {
    cd "$dir"
    awk 'BEGIN {
        print "digraph catalog {\n    rankdir=LR; node [shape=record];"
        for (i = 0; i < 240; i++) {
            printf "    p%d [label=\"{pebble %d|<prev> prev|<next> next}\"];\n", i, i
        }
        for (i = 1; i < 240; i++) {
            printf "    p%d:next -> p%d:prev;\n", i - 1, i
            if (i % 7 == 0) printf "    p%d -> p%d [style=dashed];\n", i, i / 3
        }
        print "}"
    }' >catalog.dot
    record dot -- dot -Tsvg catalog.dot
}

[ $# -gt 0 ] || set -- hello sqlite3 python3 git gcc dot
for sample in "$@"; do
    (make_"$sample")
done

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dialect.sh ROOT - one word for one thing, which no formatter holds:
# - an int that says how a call went is called `status`, not rc, ret, res, err or result;
# - a function that returns a status says that all went well by PV_OK, not by 0 (a function that
#   also returns 1 gives an answer, and 0 is one of its answers);
# - a comment ends on its last line of words, but for the head of a file;
# - `sizeof x` of an object, `sizeof(struct t)` of a type; in a macro, where x may be either, `sizeof(x)`;
# - build files: four spaces a step, no tab, one space on each side of `=` and after a colon.
cd "$1" || exit 2

files() {
    find . \( -name '.git' -o -name 'build*' -o -path './traces/samples' \) -prune -o \
        -type f "$@" -print | LC_ALL=C sort
}

type='(const |volatile )?((struct|enum|union|unsigned|signed) ?|(void|bool|char|short|int|long|float|double)([ )*]|$)|[A-Za-z0-9_]+_t([ )*]|$)|Elf|\(|type\))'
found=$(
    files -name '*.[ch]' | tr '\n' '\0' | xargs -0 awk -v type="^$type" '
    function say(what) { print FILENAME ":" FNR ": " what }
    FNR == 1 { inside = 0 }
    /^ *\/\*/ { began = FNR }
    /^ *\*\/$/ && began != 1 { say("the end of a comment does not stand alone") }
    { line = $0; sub(/\/\*.*/, "", line); sub(/^ \*.*/, "", line) }
    line ~ /(^|[( ])int (rc|ret|res|err|result)( =|;|,|\))/ { say("a status is called status") }
    line !~ /^#define|\\$/ {
        rest = line
        while (match(rest, /sizeof\(/)) {
            rest = substr(rest, RSTART + RLENGTH)
            if (rest !~ type) say("sizeof x of an object, not sizeof(x)")
        }
    }
    {
        if (line ~ /sizeof (struct|enum|union) /) say("sizeof(struct t) of a type")
    }
    line ~ /^(static )?(inline )?int [A-Za-z_0-9]+\(/ && line !~ /;$/ && line !~ /int main\(/ {
        inside = 1; status = answers = n_zeros = 0
    }
    inside && line ~ /return [^;]*(PV_E[A-Z]+[^A-Z_]|PV_OK|status)/ { status = 1 }
    inside && line ~ /return 1;|[?:] 1;|PV_EXIT|pv_exit_of/ { answers = 1 }
    inside && (line ~ /return 0;|return [^;]*[?:] 0[; ]/ || line ~ /int status = 0;/) {
        zeros[n_zeros++] = FNR
    }
    line ~ /^}/ {
        for (i = 0; inside && status && !answers && i < n_zeros; i++)
            print FILENAME ":" zeros[i] ": a status is PV_OK, not 0"
        inside = 0
    }'
    files -name meson.build | tr '\n' '\0' | xargs -0 awk '
    function say(what) { print FILENAME ":" FNR ": " what }
    /\t/ { say("a tab") }
    / $/ { say("a blank at the end of the line") }
    length($0) > 96 { say("more than 96 columns") }
    { match($0, /^ */); if (RLENGTH % 4 && $0 !~ /^ *#/) say("not a multiple of four spaces") }
    { line = $0; gsub(/'"'[^']*'"'/, "s", line); sub(/#.*/, "", line) }
    line ~ /[^ =!<>+]=|=[^ =]/ { say("one blank on each side of =") }
    line ~ /[a-z_]:[^ ]|[a-z_] :( |$)/ && line !~ /foreach| [?] / { say("key: value") }
    line ~ /,[^ ]/ { say("a blank after a comma") }'
)
if [ -n "$found" ]; then
    printf '%s\n' "$found"
    exit 1
fi

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# circles.sh ROOT LIBRARY… - inside a wing, who calls whom has no circle: of two files of a static
# library one stands below the other. So each can be read, and tested, without what stands above.
# The same of includes: no header includes, by whatever way, itself.
cd "$1" || exit 2
shift

# Reads "A B WHY", A uses B; takes away, as often as it can, what nothing uses or what uses nothing.
# What is left lies in circles.
no_circle() {
    awk -v where="$1" '
    !(($1, $2) in why) { from[++n] = $1; to[n] = $2 }
    { why[$1, $2] = why[$1, $2] " " $3 }
    END {
        do {
            delete uses
            delete used
            for (i = 1; i <= n; i++) {
                uses[from[i]] = 1
                used[to[i]] = 1
            }
            left = 0
            for (i = 1; i <= n; i++) {
                if (from[i] in used && to[i] in uses) {
                    left++
                    from[left] = from[i]
                    to[left] = to[i]
                }
            }
            shrunk = left < n
            n = left
        } while (shrunk)
        for (i = 1; i <= n; i++) {
            print where ": a circle: " from[i] " uses " to[i] ":" why[from[i], to[i]]
        }
        exit n > 0
    }'
}

failed=0
for library in "$@"; do
    nm -A -P "$library" | sed 's/^[^[]*\[\(.*\/\)\{0,1\}\([^]]*\)\]: /\2 /' | awk '
    $3 == "U" { wanted[$1, $2] = 1 }
    $3 ~ /^[TDRBC]$/ { home[$2] = $1 }
    END {
        for (pair in wanted) {
            split(pair, name, SUBSEP)
            if (name[2] in home && home[name[2]] != name[1]) {
                print name[1], home[name[2]], name[2]
            }
        }
    }' | LC_ALL=C sort | no_circle "$(basename "$library")" || failed=1
done

find core traces inspect replay viz -name '*.h' 2>/dev/null | LC_ALL=C sort | xargs awk '
    /^#[ \t]*include "/ { split($0, part, "\""); print FILENAME, part[2], "#include" }' |
    no_circle headers || failed=1
exit $failed

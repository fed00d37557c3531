#!/bin/sh
# SPDX-License-Identifier: MIT
#
# headers.sh ROOT - each header compiles alone, and twice; and all of them compile in one unit, so
# that no two give a name to different things. (The same for C++: tests/dropin/compilers.sh.)
cd "$1" || exit 2

cc=${CC:-cc}
failed=0
for header in $(find core traces inspect replay viz -name '*.h' | LC_ALL=C sort); do
    if ! printf '#include "%s"\n#include "%s"\nextern int pv_used;\n' "$header" "$header" |
        $cc -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wstrict-prototypes -Werror -I. -fsyntax-only \
            -x c -; then
        echo "$header: does not compile alone"
        failed=1
    fi
done
if ! find core traces inspect replay viz -name '*.h' | LC_ALL=C sort |
    sed 's/.*/#include "&"/; $s/$/\nextern int pv_used;/' |
    $cc -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-function -Werror -I. -fsyntax-only -x c -; then
    echo "two headers give one name to different things"
    failed=1
fi
exit $failed

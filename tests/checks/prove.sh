#!/bin/sh
# SPDX-License-Identifier: MIT
#
# prove.sh ROOT - each check passes on a clean little tree and fails on one with a violation. A
# check that cannot fail would be no check.
root=$1
checks=$root/tests/checks
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
failed=0
spdx='/* SPDX-License-Identifier: MIT */'

clean_tree() {
    rm -rf "${tree:?}"/* "$tree"/.clang-format
    mkdir "$tree/core" "$tree/traces" "$tree/traces/pvt" "$tree/inspect" "$tree/replay" "$tree/viz" \
        "$tree/viz/tui"
    cp "$root/.clang-format" "$tree"
    printf '%s\n#include <stdint.h>\nint pv_a(uint32_t a);\n' "$spdx" >"$tree/core/a.h"
    printf '%s\n#include "core/a.h"\nint pv_a(uint32_t a)\n{\n    return (int)a;\n}\n' \
        "$spdx" >"$tree/core/a.c"
    printf '%s\n#include "core/a.h"\n#include <zlib.h>\nstruct pv_b;\n' "$spdx" >"$tree/traces/b.h"
}

expect() { # expect 0|1 CHECK WHAT
    CC=${CC:-cc} sh "$checks/$2.sh" "$tree" >"$tree/out" 2>&1
    got=$?
    if [ "$got" = 77 ]; then
        return
    fi
    if [ "$1" = 0 ] && [ "$got" != 0 ] || [ "$1" = 1 ] && [ "$got" = 0 ]; then
        echo "$2: expected $1, got $got: $3"
        cat "$tree/out"
        failed=1
    fi
}

violation() { # violation CHECK FILE TEXT
    clean_tree
    printf '%s\n' "$3" >>"$tree/$2"
    expect 1 "$1" "$3"
}

clean_tree
for check in layers spdx words format dialect headers freestanding cppcheck shell spelling; do
    expect 0 "$check" "a clean tree"
done
violation layers core/a.c '#include "traces/b.h"'
violation layers core/a.c '#include <stdio.h>'
violation layers traces/b.h '#include "inspect/x.h"'
violation layers inspect/c.h '#include "traces/b.h"'
violation layers replay/d.h '#include "viz/x.h"'
violation layers viz/e.c '#include "e.h"'
violation layers viz/e.c '#include "viz/../core/a.h"'
violation layers traces/b.h '#include "traces/pvt/x.h"'
violation layers traces/pvt/f.c '#include "traces/json/x.h"'
violation layers viz/tui/g.c '#include "viz/report/x.h"'
violation layers viz/tui/g.c '#include "viz/cli/x.h"'
violation layers viz/e.c '#include <zlib.h>'
violation spdx viz/e.c 'int pv_e;'
violation words viz/e.c "/* see ../sha""red/X.md */"
violation words viz/e.c "/* /wo""rk/x */"
violation words viz/e.c "/* TO""DO: later */"
violation format viz/e.c "$spdx
int   pv_e;"
violation dialect viz/e.c 'int pv_e(void) { int rc = 0; return rc; }'
violation dialect viz/e.c 'int pv_e(int *ret_e)
{
    if (!ret_e) {
        return PV_EINVAL;
    }
    return 0;
}'
violation dialect viz/e.c 'static int a[3]; static int n = sizeof(a);'
violation dialect viz/e.c "$spdx
/* a word
 */"
violation dialect viz/meson.build "e = executable('e', 'e.c',
  install: true)"
violation dialect viz/meson.build "e= executable('e')"
violation headers viz/e.h 'size_t pv_e(void);'
violation headers viz/e.h 'struct pv_twice { int a; };'
clean_tree
printf '%s\nenum pv_same { PV_SAME };\n' "$spdx" | tee "$tree/viz/e.h" >"$tree/replay/e.h"
expect 1 headers "two enums of one name"
violation freestanding core/f.c '#include <string.h>'
violation freestanding core/f.c 'int puts(const char *s); int pv_f(void); int pv_f(void) { return puts("x"); }'
violation freestanding core/f.c 'int pv_f(void); int pv_f(void) { }'
violation cppcheck viz/e.c 'int pv_e(void); int pv_e(void) { int *a = 0; return *a; }'
violation shell viz/e.sh 'if [ $a == b ]; then :; fi'
violation spelling viz/e.c "/* reci""eve */"

# circles.sh reads libraries, too.
clean_tree
printf '%s\n#include "viz/e.h"\n' "$spdx" >"$tree/core/a.h"
printf '%s\n#include "core/a.h"\n' "$spdx" >"$tree/viz/e.h"
expect 1 circles "two headers that include one another"
library() { # library A-CALLS B-CALLS: of two files that call this
    clean_tree
    printf 'void a(void); void b(void); void c(void);\nvoid a(void) { %s(); }\n' "$1" >"$tree/a.c"
    printf 'void a(void); void b(void); void c(void);\nvoid b(void) { %s(); }\n' "$2" >"$tree/b.c"
    (cd "$tree" && ${CC:-cc} -c a.c b.c && ar rc lib.a a.o b.o)
}
library b c
sh "$checks/circles.sh" "$tree" lib.a || { echo "circles: of a library without one" && failed=1; }
library b a
sh "$checks/circles.sh" "$tree" lib.a >/dev/null && { echo "circles: one is not seen" && failed=1; }
exit $failed

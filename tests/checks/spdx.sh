#!/bin/sh
# SPDX-License-Identifier: MIT
#
# spdx.sh ROOT - every source, script and build file says its licence in its first three lines.
cd "$1" || exit 2

find . \( -name '.git' -o -name 'build*' \) -prune -o -type f \
    \( -name '*.c' -o -name '*.h' -o -name 'meson.build' -o -name 'meson_options.txt' \
    -o -name '*.sh' -o -name '*.py' -o -path './pebbleviz' -o -path './tests/run' \
    -o -path './tests/coverage' -o -path './tests/checks/tidy' -o -path './.ci/run' \) -print | LC_ALL=C sort | {
    failed=0
    while IFS= read -r file; do
        if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT'; then
            echo "$file:1: no SPDX line"
            failed=1
        fi
    done
    exit $failed
}

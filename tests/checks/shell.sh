#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shell.sh ROOT - shellcheck warns of nothing in any script. Left out: variables that a sourced file
# gives or takes (SC2034, SC2154), which it does not follow, and loops over one word (SC2043), which
# wait for a second.
cd "$1" || exit 2

if ! command -v shellcheck >/dev/null; then
    echo "shellcheck is not here"
    exit 77
fi

failed=0
for file in $(find . \( -name .git -o -name 'build*' -o -name corpus -o -name out \) -prune -o \
    -type f \( -name '*.sh' -o -perm -u+x \) -print | LC_ALL=C sort); do
    case $(head -n 1 "$file" | tr -d '\0') in
    '#!'*bash) shell='bash' ;;
    '#!'*sh) shell='sh' ;;
    '#!'*) continue ;;
    *) case $file in *.sh) shell='sh' ;; *) continue ;; esac ;;
    esac
    shellcheck --shell="$shell" --severity=warning --format=gcc \
        --exclude=SC2034,SC2154,SC2043 "$file" || failed=1
done
exit $failed

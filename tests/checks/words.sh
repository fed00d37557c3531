#!/bin/sh
# SPDX-License-Identifier: MIT
#
# words.sh ROOT - nothing in the tree names places outside of it, or leaves work undone in words.
# The patterns are cut in two so that this file does not match itself.
cd "$1" || exit 2

places='\.\./sha''red|(^|[^A-Za-z0-9_.~-])/wo''rk(/|[^A-Za-z0-9_-]|$)|(^|[^A-Za-z])/ro''ot/'
undone='(^|[^A-Za-z])(TO''DO|FIX''ME|XX''X)([^A-Za-z]|$)'

found=$(find . \( -name '.git' -o -name 'build*' -o -path './traces/samples' \) -prune -o \
    -type f -print | LC_ALL=C sort | tr '\n' '\0' |
    xargs -0 grep -nIE -e "$places" -e "$undone" /dev/null)
if [ -n "$found" ]; then
    printf '%s\n' "$found"
    exit 1
fi

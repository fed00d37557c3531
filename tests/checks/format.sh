#!/bin/sh
# SPDX-License-Identifier: MIT
#
# format.sh ROOT - clang-format 14 would change nothing. Another version, or none: skipped.
cd "$1" || exit 2

case $(clang-format --version 2>/dev/null) in
*'version 14.'*) ;;
*)
    echo "clang-format 14 is not here"
    exit 77
    ;;
esac

find core traces inspect replay viz tests -name '*.[ch]' 2>/dev/null | LC_ALL=C sort |
    xargs clang-format --style=file --dry-run -Werror

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cppcheck.sh ROOT - cppcheck 2.10 finds no error, no warning and nothing slow or unportable. Another
# version, or none: skipped.
cd "$1" || exit 2

case $(cppcheck --version 2>/dev/null) in
'Cppcheck 2.10'*) ;;
*)
    echo "cppcheck 2.10 is not here"
    exit 77
    ;;
esac

# negativeIndex: at[-1] of a pointer that has moved on is what it looks like. ctu*: guesses across
# files about what callers rule out.
find core traces inspect replay viz -name '*.[ch]' | LC_ALL=C sort |
    cppcheck --file-list=- --language=c --std=c11 --enable=warning,performance,portability \
        --suppress=negativeIndex --suppress=ctunullpointer \
        --suppress=ctuuninitvar --quiet -D_GNU_SOURCE -I. --error-exitcode=1 \
        --template='{file}:{line}: {message} [{id}]'

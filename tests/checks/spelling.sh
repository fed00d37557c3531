#!/bin/sh
# SPDX-License-Identifier: MIT
#
# spelling.sh ROOT - codespell knows no better spelling for any word outside of samples and goldens.
# The words that it is told to leave alone: `fro` of to and fro, `wee` of wee_alloc, `Nd` of mdoc,
# and two that tests mistype.
cd "$1" || exit 2

if ! command -v codespell >/dev/null; then
    echo "codespell is not here"
    exit 77
fi

find . \( -name .git -o -name 'build*' -o -name corpus -o -name goldens -o -name samples \
    -o -path './tests/traces/foreign/files' \) -prune -o -type f -print | LC_ALL=C sort |
    tr '\n' '\0' | xargs -0 codespell --quiet-level=3 --ignore-words-list=fro,wee,nd,reprot,rigth

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# layers.sh ROOT - includes go one way: core <- traces, inspect <- replay <- viz, written from the
# root. A wing (a folder in a layer) includes its layer's base and what `beside` lets it include,
# and no wing else; a base includes no wing, but for the files that `above` names. core has only the
# headers that a kernel has (own.c and hash.c excepted); each foreign library has one file. The preload
# library, a program of its own inside others, is left out of the last rule.
cd "$1" || exit 2

find core traces inspect replay viz -name '*.[ch]' 2>/dev/null | LC_ALL=C sort |
    xargs awk '
    function fault(text) {
        printf "%s:%d: %s\n", FILENAME, FNR, text
        failed = 1
    }
    BEGIN {
        may["core"] = " core "
        may["traces"] = " core traces "
        may["inspect"] = " core inspect "
        may["replay"] = " core traces inspect replay "
        may["viz"] = " core traces inspect replay viz "
        # Wings of viz/ stand on one another; those of traces/ stand on the base alone.
        beside["viz/tui"] = " viz/text "
        beside["viz/export"] = " viz/text "
        beside["viz/report"] = " viz/text "
        beside["viz/cli"] = " viz/text viz/tui viz/export viz/report "
        above["viz/main.c"] = " viz/cli "
        kernel = " stdbool.h stddef.h stdint.h stdatomic.h limits.h stdalign.h stdarg.h "
        n_foreign = split("json-c/ curses.h panel.h term.h graphviz/ gvc.h cgraph.h zlib.h zstd lzma.h" \
                          " cairo.h dlfcn.h elf.h sys/mman.h sys/socket.h sys/ptrace.h", foreign, " ")
    }
    function wing_of(path) {
        return split(path, parts, "/") > 2 ? parts[1] "/" parts[2] : ""
    }
    FNR == 1 {
        layer = FILENAME
        sub("/.*", "", layer)
        wing = wing_of(FILENAME)
        wings = FILENAME in above ? above[FILENAME] : wing in beside ? beside[wing] : ""
    }
    /^[ \t]*#[ \t]*include/ {
        name = $0
        sub("^[^<\"]*[<\"]", "", name)
        sub("[>\"].*", "", name)
        if ($0 ~ /"/) {
            target = name
            if (!sub("/.*", "", target)) {
                fault("an include is written from the root: " name)
            } else if (name ~ /\.\./ || index(may[layer], " " target " ") == 0) {
                fault(layer " may not include " name)
            } else if (target == layer && wing_of(name) != "" && wing_of(name) != wing &&
                       index(wings, " " wing_of(name) " ") == 0) {
                fault((wing == "" ? "the base of " layer : wing) " may not include " name)
            }
            next
        }
        if (layer == "core" && FILENAME !~ /^core\/(own|hash)\.c$/ && index(kernel, " " name " ") == 0) {
            fault("core is freestanding: <" name ">")
        }
        # The library lives in other programs, and the stage shares its spool with it.
        if (FILENAME ~ /^traces\/record\/(preload|stage)/) {
            next
        }
        for (i = 1; i <= n_foreign; i++) {
            if (index(name, foreign[i])) {
                key = foreign[i] ~ /gvc|cgraph/ ? "graphviz/" : foreign[i]
                if (key in owner && owner[key] != FILENAME) {
                    fault("<" name "> belongs to " owner[key])
                }
                owner[key] = FILENAME
            }
        }
    }
    END { exit failed }'

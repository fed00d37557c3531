# SPDX-License-Identifier: MIT
#
# build.sh - sourced by tests/run and .ci/run: build folders and the closing line.

PV_TEST_PACKAGES="build-essential meson ninja-build pkg-config libjson-c-dev libncurses-dev
libcairo2-dev libgraphviz-dev liblzma-dev libzstd-dev zlib1g-dev libcmocka-dev libvterm-dev"
# A second compiler, the formatter, a reader of SVG, other machines' compilers and their emulator,
# readers of C, scripts and English, tools whose logs are read. A test that needs one of them is skipped where it is not. (For
# i386 `cc -m32` will do.)
PV_EXTRA_PACKAGES="libxml2-utils clang clang-format g++ qemu-user gcc-aarch64-linux-gnu
gcc-riscv64-linux-gnu gcc-arm-linux-gnueabi gcc-powerpc-linux-gnu cppcheck shellcheck codespell
ltrace valgrind"
# What only .ci/run, tests/coverage and tests/bench/run need.
PV_CI_PACKAGES="clang-tidy"
PV_COVERAGE_PACKAGES="gcovr"
# Allocators that the benchmarks compare with.
PV_BENCH_PACKAGES="libmimalloc2.0 libjemalloc2"

# pv_build FOLDER OPTION…: configures (once, and again when the options or the place have
# changed) and builds. Output only on failure, or with V=1. Uses $root.
pv_build() {
    mkdir -p "$1" || return 1
    if [ "${V:-}" = 1 ]; then
        pv_build_steps "$@"
    elif ! pv_build_steps "$@" >"$1/.log" 2>&1; then
        cat "$1/.log"
        echo "the build in $1 failed; its output is above"
        return 1
    fi
}

pv_build_steps() {
    pv_folder=$1
    shift
    if [ ! -f "$pv_folder/build.ninja" ] ||
        [ "$(cat "$pv_folder/.options" 2>/dev/null)" != "$root $*" ]; then
        rm -rf "$pv_folder/meson-private" "$pv_folder/meson-info" "$pv_folder/build.ninja"
        meson setup "$pv_folder" "$root" "$@" || return 1
        printf '%s\n' "$root $*" >"$pv_folder/.options"
    fi
    ninja -C "$pv_folder"
}

# pv_skipped_lines FOLDER: of each test that `meson test` in FOLDER has just skipped, what it said
# last, which is why.
pv_skipped_lines() {
    python3 - "$1/meson-logs/testlog.json" <<'EOF'
import json, sys
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    test = json.loads(line)
    if test["result"] == "SKIP":
        said = (test.get("stdout", "") + test.get("stderr", "")).strip().splitlines()
        print("skipped:", test["name"] + ":", said[-1] if said else "no reason was given")
EOF
}

# pv_closing_line FILE STATUS: counts from the summary that `meson test` has written to FILE.
# Returns non-zero when anything failed, or when nothing was counted.
pv_closing_line() {
    awk -v status="$2" '
        /^Ok:/ { passed = $2 }
        /^(Fail|Timeout|Unexpected Pass):/ { failed += $NF }
        /^Expected Fail:/ { passed += $NF }
        /^Skipped:/ { skipped = $2 }
        END {
            if (!failed && (status != 0 || passed + skipped == 0)) {
                failed = 1
            }
            printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
            exit failed ? 1 : 0
        }' "$1"
}

# SPDX-License-Identifier: MIT
#
# install.sh - sourced by the scripts that build: makes sure that Debian packages are there.
#
#   pv_install PACKAGE…   0: all are there. 5: they are not and could not be installed; what to
#                         do has been said on standard error.
#
#   pv_install_extra PACKAGE…  the same for what can be done without; always 0.
#
# Installs with apt-get as root or through sudo. Anywhere else it names the packages and stops.

pv_missing() {
    for pv_package in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Status}' "$pv_package" 2>/dev/null) in
        installed) ;;
        *) printf '%s ' "$pv_package" ;;
        esac
    done
}

pv_become_root() {
    if [ "$(id -u)" = 0 ]; then
        pv_root=
    elif ! command -v sudo >/dev/null 2>&1; then
        return 1
    elif [ -t 0 ] && [ -t 2 ] || sudo -n true 2>/dev/null; then
        pv_root=sudo
    else
        return 1
    fi
}

pv_apt() {
    $pv_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" </dev/null
}

pv_install() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        pv_absent=
        for pv_tool in cc meson ninja pkg-config; do
            command -v "$pv_tool" >/dev/null 2>&1 || pv_absent="$pv_absent $pv_tool"
        done
        if [ -z "$pv_absent" ]; then
            return 0 # no Debian: meson will say if a library is missing
        fi
        echo "pebbleviz: needed, under the names that Debian gives them: $*" >&2
        return 5
    fi
    pv_wanted=$(pv_missing "$@")
    if [ -z "$pv_wanted" ]; then
        return 0
    fi
    if ! pv_become_root; then
        echo "pebbleviz: these packages are missing: $pv_wanted" >&2
        echo "pebbleviz: as root: apt-get install --no-install-recommends $pv_wanted" >&2
        return 5
    fi
    echo "pebbleviz: installing, once: $pv_wanted" >&2
    pv_log=$(mktemp) || return 5
    # The lists may be old or absent; where they cannot be fetched, the old ones may still do.
    # shellcheck disable=SC2086 # one word a package
    if { pv_apt update; pv_apt install --no-install-recommends $pv_wanted; } >"$pv_log" 2>&1; then
        rm -f "$pv_log"
        return 0
    fi
    cat "$pv_log" >&2
    rm -f "$pv_log"
    echo "pebbleviz: apt-get could not install: $pv_wanted" >&2
    return 5
}

pv_install_extra() {
    if [ -n "$(pv_missing "$@" 2>/dev/null)" ] && pv_become_root; then
        pv_install "$@" || echo "pebbleviz: going on without them" >&2
    fi
    return 0
}

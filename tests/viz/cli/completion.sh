# SPDX-License-Identifier: MIT
#
# completion.sh - the bash completion, asked as bash asks it. $3 is the completion file.
. "$2/lib.sh"
bash=$(command -v bash) || {
    echo "there is no bash"
    exit 77
}
completion=$(absolute "$3")

# completes WANTED WORD...: the last word is being typed.
completes()
{
    n_checks=$((n_checks + 1))
    wanted=$1
    shift
    got=$("$bash" --norc -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _pebbleviz; echo "${COMPREPLY[*]}"' bash "$completion" "$exe" "$@")
    case " $got " in
    *" $wanted "*) ;;
    *) fail "'$*' does not complete to '$wanted' but to '$got'" ;;
    esac
}

completes report re
completes record re
completes convert help con
completes --engine report --en
completes --no-timing report a.json --no
completes --full export --f
completes best-fit report --engine be
completes buddy report --engine b
completes --page report --p
completes svg export --format s
finish

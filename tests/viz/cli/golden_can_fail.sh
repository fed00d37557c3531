# SPDX-License-Identifier: MIT
#
# golden_can_fail.sh - a test that compares nothing passes always: one byte changed in one golden
# must make goldens.sh fail, and name it.
. "$2/lib.sh"
unset PV_UPDATE_GOLDENS
cp -r "$here/goldens" "$tmp/goldens"
sed '3s/./X/' "$here/goldens/report.txt" >"$tmp/goldens/report.txt"
n_checks=1
if sh "$here/goldens.sh" "$exe" "$here" "$tmp/goldens" >"$tmp/said"; then
    fail "goldens.sh passed with a golden that is wrong"
fi
has "FAILED: golden report.txt" "$tmp/said"
[ "$(grep -c '^FAILED' "$tmp/said")" -eq 1 ] || fail "not one golden failed: $(cat "$tmp/said")"
finish

#!/usr/bin/env bash
# Each line that docs/TROUBLESHOOTING.md quotes ("> ..." with "…" where numbers and names stand) must exist in the
# sources, or the page describes a program that is gone.
set -u
root=${1:?give the source root}
page=${2:-$root/docs/TROUBLESHOOTING.md}
# String literals joined over line ends, printf's %% as %.
words=$(cat "$root"/host/*/*.c "$root"/cli/*.c | tr '\n' ' ' | sed -E 's/"[[:space:]]+"//g; s/%%/%/g; s/\\"/"/g')
quoted=0
missing=0
while IFS= read -r line; do
    quoted=$((quoted + 1))
    while read -r part; do
        [ -n "${part// /}" ] || continue
        grep -qF -- "$part" <<< "$words" || { missing=$((missing + 1)); echo "nowhere in the sources: $part"; }
    done <<< "${line//…/$'\n'}"
done < <(sed -n 's/^> //p' "$page")
echo "$quoted lines quoted, $missing parts missing"
[ "$quoted" -ge 15 ] && [ "$missing" -eq 0 ]

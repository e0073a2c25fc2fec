#!/usr/bin/env bash
# Every command explains itself, with examples that name it.
source "$(dirname "$0")/common.sh"

succeeds "$dogberry" --help
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' out)
holds test "$(wc -w <<< "$commands")" -ge 10
for command in $commands; do
    succeeds "$dogberry" "$command" --help
    holds grep -q "^Usage: dogberry $command" out
    holds grep -q '^Examples:' out
    holds grep -q "dogberry $command" out
done
succeeds "$dogberry" --version
refused_status=0
"$dogberry" > out 2> err || refused_status=$?
holds test "$refused_status" -eq 2
finish

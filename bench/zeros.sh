#!/usr/bin/env bash
# What zeros of (squared) ReLU spare on an emulated Raspberry Pi Pico: each model packed by row, so that nothing is skipped, and
# by column, with the same words; the share of the columns that were skipped, and the cycles of a token of both.
# Usage: zeros.sh [BUILD [MODEL...]]. Takes the models that rp2040.sh left in BUILD/bench/rp2040, and has it train those that are
# missing. LENGTH (64) is the tokens of a reply. Ends with status 1 where the words differ.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
shift || true
. bench/lib.sh
folder=$work/rp2040
prompt="Once upon a time"
seed=7
length=${LENGTH:-64}
models=("$@")
[ ${#models[@]} -gt 0 ] || models=(assistant-45k assistant-101k expert-229k expert-1310k)
different=0

# measure NAME IMAGE: cycles of a token in all, and the digest of the reply.
measure() {
    "$dogberry" export "$2" --to uf2 -o "$folder/zeros.uf2" > /dev/null
    node tools/emulate/emulate.mjs "$folder/zeros.uf2" --json --max-seconds 3600 --say "/seed $seed" --say "/length $length" \
        --say "$prompt" > "$folder/zeros.json"
    echo "$(field .replies.2.totalCyclesPerToken < "$folder/zeros.json") $(field .replies.2.digest < "$folder/zeros.json")"
}

machine
echo
echo "| model | columns skipped | cycles a token, nothing skipped | zeros skipped | saved | tokens/s at 125 MHz | digest of both, on host and board |"
echo "|---|---|---|---|---|---|---|"
for name in "${models[@]}"; do
    [ -s "$folder/$name/config.json" ] || bench/rp2040.sh "$build" "$name" > /dev/null
    for bits in 8 4; do
        image=$folder/$name-zeros$bits.dog
        "$dogberry" pack "$folder/$name" --bits $bits -o "$image" > /dev/null
        "$dogberry" pack "$folder/$name" --bits $bits --by-row -o "$image.rows" > /dev/null
        "$dogberry" generate "$image" --prompt "$prompt" --seed $seed --length "$length" --json > "$folder/zeros-host.json"
        read -r before first <<< "$(measure "$name" "$image.rows")"
        read -r after second <<< "$(measure "$name" "$image")"
        host=$(field .digest < "$folder/zeros-host.json") equal=equal
        [ "$host $host" = "$first $second" ] || { equal=DIFFERENT && different=1; }
        columns=$(field .feed_forward.columns < "$folder/zeros-host.json")
        skipped=$(field .feed_forward.skipped < "$folder/zeros-host.json")
        echo "| $name int$bits | $(calculate "100 * $skipped / $columns" "%.1f") % | $before | $after |" \
            "$(calculate "100 * (1 - $after / $before)" "%.1f") % | $(calculate "125e6 / $after" "%.1f") | $host, $equal |"
    done
done
exit $different

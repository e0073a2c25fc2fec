#!/usr/bin/env bash
# The models of tiny-transformers-rp2040: imported, packed, verified, measured in float and by the integer runtime (nats per
# token of what the model itself says, which it was calibrated on, and of STORIES bytes of stories that it was not), and
# run on the emulated Pico. A table. Usage: import.sh [BUILD [MODEL...]]; LENGTH (64) is the tokens of a reply, BITS
# (8) is the images'. Ends with status 1 where host and board do not draw the same tokens, or where 8 bits cost more than 0.3 %.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
. bench/lib.sh
need_data rp2040-v4
need_data stories-synthetic.txt
models=("${@:2}")
[ ${#models[@]} -gt 0 ] || models=(story-1k story-3k story-4k chat-8k chat-10k chat-13k chat-18k assistant-45k)
length=${LENGTH:-64}
bits=${BITS:-8}
seed=7
prompt="once upon a time"
folder=$work/import
mkdir -p "$folder"
head -c "${STORIES:-60000}" "$data/stories-synthetic.txt" > "$folder/stories.txt"
failed=0

# nats MODEL TEXT: per token.
nats() { "$dogberry" eval "$1" "$2" --json | field .nats_per_token; }

# loss MODEL IMAGE TEXT: in float, and what the image adds.
loss() {
    local float integer
    float=$(nats "$1" "$3")
    integer=$(nats "$2" "$3")
    [ "$(calculate "($integer <= 1.003 * $float)" "%d")" = 1 ] || echo "$3" >> "$folder/dear"
    echo "$(calculate "$float" "%.4f") | $(calculate "$integer" "%.4f") ($(calculate "100 * ($integer / $float - 1)" "%+.2f") %)"
}

# row NAME
row() {
    local name=$1 at=$folder/$1 image=$folder/$1.dog host board equal=equal
    "$dogberry" import rp2040 "$data/rp2040-v4/$name" -o "$at" > "$at.log"
    "$dogberry" pack "$at" --bits "$bits" -o "$image" >> "$at.log"
    "$dogberry" verify "$image" >> "$at.log"
    "$dogberry" export "$image" --to uf2 -o "$at.uf2" >> "$at.log"
    "$dogberry" inspect "$image" --json > "$at-inspect.json"
    "$dogberry" generate "$image" --prompt "$prompt" --seed $seed --length "$length" --json > "$at-host.json"
    node tools/emulate/emulate.mjs "$at.uf2" --json --max-seconds 3600 --say "/seed $seed" --say "/length $length" \
        --say "$prompt" > "$at-board.json"
    host=$(field .digest < "$at-host.json")
    board=$(field .replies.2.digest < "$at-board.json")
    if [ "$host" != "$board" ]; then
        equal=DIFFERENT
        failed=1
    fi
    echo "| $name | $(field .parameters < "$at-inspect.json") | $(stat -c %s "$image") |" \
        "$(field .session_bytes < "$at-inspect.json") | $(loss "$at" "$image" "$at/calibration.txt") |" \
        "$(loss "$at" "$image" "$folder/stories.txt") | $(field .replies.2.totalCyclesPerToken < "$at-board.json") |" \
        "$(calculate "$(field .replies.2.tokensPerSecondAt125MHz < "$at-board.json")" "%.0f") | $host, $equal |"
}

rm -f "$folder/dear"
echo "| model | parameters | flash, bytes | RAM, bytes | own text, float | $bits bits | stories, float | $bits bits | cycles a token |" \
    "tokens/s at 125 MHz | digest on host and board |"
echo "|---|---|---|---|---|---|---|---|---|---|---|"
for name in "${models[@]}"; do row "$name"; done
[ "$bits" != 8 ] || [ ! -e "$folder/dear" ] || { echo "8 bits cost more than 0.3 %" >&2; failed=1; }
exit $failed

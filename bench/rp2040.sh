#!/usr/bin/env bash
# The family on an emulated Raspberry Pi Pico: bytes in flash, RAM, cycles a token and tokens/s of every transformer preset,
# the Dogberry models and the imported stories260K, beside what tiny-transformers-rp2040 measured on such a board.
# Usage: rp2040.sh [BUILD [MODEL...]].
# Models that other benches left in BUILD/bench are used as they are; what is missing is trained for TRAIN_SECONDS (20), as speed
# hardly depends on training. LENGTH (64) is the tokens of a reply. BITS ("8 4") says which images. Ends with status 1 where
# host and board do not draw the same tokens.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
wanted=" ${*:2} "
. bench/lib.sh
seconds=${TRAIN_SECONDS:-20}
length=${LENGTH:-64}
need_number TRAIN_SECONDS "$seconds"
need_number LENGTH "$length"
read -ra bits_of_images <<< "${BITS:-8 4}"
seed=7
folder=$work/rp2040
mkdir -p "$folder"

# model|tokens/s of the original|goal, tokens/s
models=(
    "story-1k|6.9|6900" "story-3k|3.7|3700" "story-4k|2.8|2800" "chat-8k|1.2|1200" "chat-10k|0.9|900"
    "chat-13k|failed|" "chat-18k|failed|" "assistant-45k|failed|300" "assistant-57k|failed|" "assistant-70k|failed|"
    "assistant-101k|failed|" "expert-229k|failed|60" "expert-1310k|failed|12" "stories260k||40" "dogberry||25"
    "dogberry-fast||60"
)

only_known "$wanted" "${models[*]%%|*}"

# train_for SECONDS NAME OPTION...: into $folder/NAME.
train_for() {
    echo "Training $2 for $1 seconds ..." >&2
    train_into "$folder/$2" "$2" "${@:3}" --minutes "$(calculate "$1 / 60" "%.3f")"
}

# model_of NAME: prints the folder of its float model; trains or imports it where there is none.
model_of() {
    local name=$1 own=$folder/$1 at
    for at in "$work/$name" "$own"; do
        if [ -s "$at/config.json" ]; then
            echo "$at"
            return
        fi
    done
    case $name in
    stories260k)
        [ -e "$data/llama2c/stories260K.bin" ] || return 1
        "$dogberry" import llama2c "$data/llama2c/stories260K.bin" --tokenizer "$data/llama2c/tok512.bin" -o "$own" > /dev/null
        ;;
    dogberry*)
        [ -e "$data/shakespeare" ] || return 1
        mapfile -t options < <(held_out_options)
        train_for "$seconds" "$name" "$data/shakespeare" "${options[@]}" --preset "$name"
        ;;
    *)
        [ -s "$folder/stories.txt" ] || "$dogberry" corpus stories --bytes 1M -o "$folder/stories.txt"
        train_for "$seconds" "$name" "$folder/stories.txt" --preset "$name"
        ;;
    esac
    echo "$own"
}

different=0
# row NAME BITS ORIGINAL GOAL FOLDER
row() {
    local name=$1 image=$folder/$1-$2.dog base=$folder/$1-$2 prompt="Once upon a time" host equal=equal speed copy ratio=
    local goal=$4
    [[ $name != dogberry* ]] || prompt="who goes there"
    [ "$name-$2" != dogberry-8 ] || goal= # it is for 4 bits
    "$dogberry" pack "$5" --bits "$2" -o "$image" > "$folder/pack.log" 2>&1 || {
        tail -n 1 "$folder/pack.log" >&2
        return 1
    }
    "$dogberry" inspect "$image" --json > "$base-inspect.json"
    "$dogberry" generate "$image" --prompt "$prompt" --seed $seed --length "$length" --json > "$base-host.json"
    "$dogberry" export "$image" --to uf2 -o "$base.uf2" > /dev/null
    node tools/emulate/emulate.mjs "$base.uf2" --json --max-seconds 3600 --say "/seed $seed" --say "/length $length" \
        --say "$prompt" > "$base-board.json"
    host=$(field .digest < "$base-host.json")
    if [ "$host" != "$(field .replies.2.digest < "$base-board.json")" ]; then
        equal=DIFFERENT
        different=1
    fi
    speed=$(field .replies.2.tokensPerSecondAt125MHz < "$base-board.json")
    copy=$(field .arena.copyBytes < "$base-board.json")
    [[ ! $3 =~ ^[0-9] ]] || ratio=$(calculate "$speed / $3" "%.0f")
    [ -z "$goal" ] || [ "$(calculate "($speed >= $goal)" "%d")" = 1 ] || ratio="${ratio:+$ratio, }goal $goal missed"
    echo "| $name int$2 | $(field .parameters < "$base-inspect.json") | $(stat -c %s "$image") |" \
        "$(field .session_bytes < "$base-inspect.json")$([ "$copy" = 0 ] || echo " + copy") |" \
        "$(field .replies.2.cyclesPerToken < "$base-board.json") |" \
        "$(field .replies.2.perToken.core1.worked < "$base-board.json") |" \
        "$(field .replies.2.stallCyclesPerToken < "$base-board.json") |" \
        "$(field .replies.2.totalCyclesPerToken < "$base-board.json") |" \
        "$(calculate "$speed" "%.1f") | $3 | $ratio | $host, $equal |"
}

machine
echo
echo "| model | parameters | flash, bytes | RAM, bytes | cycles a token, core 0 | core 1 | waits for flash | all |" \
    "tokens/s at 125 MHz | original's | times as fast | digest on host and board |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|"
for entry in "${models[@]}"; do
    IFS='|' read -r name original goal <<< "$entry"
    [[ $wanted = *[a-z]* && $wanted != *" $name "* ]] && continue
    at=$(model_of "$name") || {
        echo "skipped: no data for $name" >&2
        continue
    }
    for bits in "${bits_of_images[@]}"; do row "$name" "$bits" "$original" "$goal" "$at"; done
done
exit $different

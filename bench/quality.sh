#!/usr/bin/env bash
# What each of the thirteen transformers learns: bits per character of held-out text in float, int8 and int4, packed and
# tuned, and what it says, once on the built-in text and once on stories. Usage: quality.sh [BUILD [PRESET...]].
# MINUTES (1) for presets below 20 thousand weights; larger ones get MIDDLE (2), expert-229k LARGE (4) and expert-1310k
# HUGE (8), on THREADS cores (all). Tuning for 4 bits takes TUNE (1) times as long again, for 8 bits TUNE8 (0.25) times.
# TEXTS ("built-in stories") says which tables. The last 5 % of the texts are held out. Models that a run before left in
# BUILD/bench are not trained again.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
shift || true
. bench/lib.sh
mkdir -p "$work"
for setting in MINUTES MIDDLE LARGE HUGE TUNE TUNE8; do
    need_number $setting "${!setting:-1}"
done

presets=(story-1k story-3k story-4k chat-8k chat-10k chat-13k chat-18k
    assistant-45k assistant-57k assistant-70k assistant-101k expert-229k expert-1310k)

minutes_of() {
    case $1 in
        story-* | chat-*) echo "${MINUTES:-1}" ;;
        assistant-*) echo "${MIDDLE:-2}" ;;
        expert-229k) echo "${LARGE:-4}" ;;
        *) echo "${HUGE:-8}" ;;
    esac
}

# cut_tail FILE NAME: the last 5 % of FILE's documents to $work/NAME-val.txt, the others to $work/NAME-train.txt.
cut_tail() {
    local documents
    documents=$(grep -c '<|endoftext|>' "$1")
    awk -v from=$((documents - documents / 20)) -v train="$work/$2-train.txt" -v val="$work/$2-val.txt" \
        '{ print > (seen < from ? train : val) } /<\|endoftext\|>/ { seen++ }' "$1"
}

# The small presets get tales with as many words as they have tokens, the others the built-in stories. Prints NAME and
# what `train` is told.
built_in_text() {
    local tokens=0
    case $1 in
        story-1k) tokens=64 ;;
        story-3k | story-4k) tokens=96 ;;
        chat-*) tokens=128 ;;
    esac
    if [ "$tokens" -gt 0 ]; then
        text=tales-$tokens
        "$dogberry" corpus tales --tokens "$tokens" --bytes 1M -o "$work/$text.txt"
        how=(--tokenizer word)
    else
        text=built-in-stories
        "$dogberry" corpus stories --bytes 4M -o "$work/$text.txt"
        how=()
    fi
    cut_tail "$work/$text.txt" "$text"
}

real_text() {
    text=stories
    how=()
    cat "$data/stories-synthetic.txt" "$data/tinystories-sample.txt" > "$work/$text.txt"
    cut_tail "$work/$text.txt" "$text"
}

bits_of() { "$dogberry" eval "$1" "$work/$text-val.txt" --json | field .bits_per_character; }

# against FLOAT IMAGE: the image's bits per character, and how much that is over those of the float weights.
against() {
    local bits
    bits=$(bits_of "$2")
    echo "$(calculate "$bits" "%.3f") ($(calculate "100 * ($bits / $1 - 1)" "%+.2f") %)"
}

# tune NAME BITS MINUTES: $work/NAME-tunedBITS, which `pack` then makes an image of.
tune() {
    if ! "$dogberry" tune "$work/$1" --bits "$2" --minutes "$3" --threads "${THREADS:-$(nproc)}" --quiet \
        -o "$work/$1-tuned$2" > "$work/$1-tuned$2.log" 2>&1; then
        tail -n 5 "$work/$1-tuned$2.log" >&2
        return 1
    fi
}

# One line of what the image says.
says() {
    "$dogberry" generate "$1" --length 60 --seed 3 --prompt "" | tr '\n' ' ' | tr -s ' ' | cut -c 1-230
}

row() {
    local preset=$1 name=$1-$2 minutes float bits
    minutes=$(minutes_of "$1")
    [ -s "$work/$name/config.json" ] || train "$name" "$work/$text-train.txt" --val "$work/$text-val.txt" \
        --preset "$preset" --minutes "$minutes" --threads "${THREADS:-$(nproc)}" "${how[@]}"
    tune "$name" 8 "$(calculate "$minutes * ${TUNE8:-0.25}" "%.2f")"
    tune "$name" 4 "$(calculate "$minutes * ${TUNE:-1}" "%.2f")"
    for bits in 8 4; do
        pack "$name" $bits > "$work/bytes$bits"
        pack "$name-tuned$bits" $bits > "$work/bytes$bits"
    done
    float=$(bits_of "$work/$name")
    echo "| $preset | $(trained_parameters "$name") | $text | $(trained_minutes "$name" | cut -c 1-4) |" \
        "$(calculate "$float" "%.3f") | $(against "$float" "$work/$name-int8.dog") |" \
        "$(against "$float" "$work/$name-tuned8-int8.dog") | $(against "$float" "$work/$name-int4.dog") |" \
        "$(against "$float" "$work/$name-tuned4-int4.dog") |" \
        "$(cat "$work/bytes8") | $(cat "$work/bytes4") |"
    printf '%s says: %s\n' "$name" "$(says "$work/$name-int8.dog")" >> "$work/samples"
}

table() {
    echo "| preset | parameters | text | minutes | float, bits per character | int8 | int8, tuned | int4 | int4, tuned |" \
        "int8 image, bytes | int4 image, bytes |"
    echo "|---|---|---|---|---|---|---|---|---|---|---|"
    local preset
    for preset in "${presets[@]}"; do
        [ -z "$chosen" ] || [[ " $chosen " == *" $preset "* ]] || continue
        echo "$preset on $1 text ..." >&2
        if [ "$1" = built-in ]; then built_in_text "$preset"; else real_text; fi
        row "$preset" "$1"
    done
}

chosen=$*
only_known "$chosen" "${presets[*]}"
machine
for kind in ${TEXTS:-built-in stories}; do
    if [ "$kind" = stories ]; then need_data stories-synthetic.txt; fi
    rm -f "$work/samples"
    echo
    table "$kind"
    echo
    cat "$work/samples"
done

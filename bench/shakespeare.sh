#!/usr/bin/env bash
# Time to quality on 35 works of Shakespeare, measured on the four held out: the original recipe and ours against the
# wall-clock, then a table of variants. Usage: shakespeare.sh [BUILD [recipes|variants]]; both without a word.
# THEIRS (30), OURS (10), EVERY (2; between the original recipe's evaluations) and MINUTES (4; each other variant) say
# how long.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
part=${2:-all}
. bench/lib.sh
need_data shakespeare
theirs=${THEIRS:-30}
ours=${OURS:-10}
every=${EVERY:-2}
minutes=${MINUTES:-4}
mkdir -p "$work"
mapfile -t options < <(held_out_options)
mapfile -t files < <(held_out_files)

variants=(
    "char|--preset char"
    "word-1k|--preset word-1k"
    "dogberry|ours of the first table"
    "word-8k|--preset word-8k"
    "bpe-2000|--preset dogberry --tokenizer bpe --vocab 2000"
    "dogberry-fast|--preset dogberry-fast"
)

train_ours() {
    echo "Ours, $ours minutes ..." >&2
    train dogberry "$data/shakespeare" "${options[@]}" --preset dogberry --minutes "$ours"
}

recipes() {
    local curves=$work/shakespeare.jsonl
    echo "The original recipe, at most $theirs minutes and its evaluations ..." >&2
    "$build/bench/original_recipe" --minutes "$theirs" --every "$every" -o "$work/original" \
        "$data/shakespeare" "${held_out[@]}" > "$curves.part"
    train_ours
    sed 's/^{/{"recipe": "ours", /' "$work/dogberry/history.jsonl" >> "$curves.part"
    mv "$curves.part" "$curves"
    echo
    node bench/curves.mjs "$curves"
    echo
    echo "The best weights of each, read through with the state carried:"
    for model in original dogberry; do
        printf '%-9s' "$model"
        "$dogberry" eval "$work/$model" "${files[@]}"
    done
}

variant_row() {
    local name=$1 log=$work/$1.json
    shift
    if [ "$name" = dogberry ]; then
        [ -f "$work/dogberry/config.json" ] || train_ours
    else
        echo "Variant $name, $minutes minutes ..." >&2
        train "$name" "$data/shakespeare" "${options[@]}" --minutes "$minutes" "$@"
    fi
    "$dogberry" eval "$work/$name" "${files[@]}" --json > "$log"
    local bytes8 bytes4
    bytes8=$(pack "$name" 8)
    bytes4=$(pack "$name" 4)
    echo "| $name | $(trained_parameters "$name") | $bytes8 | $bytes4 |" \
        "$(calculate "$(field .bits_per_character < "$log")" "%.3f") |" \
        "$(calculate "$(field .perplexity < "$log")" "%.1f") |" \
        "$(calculate "100 * $(field .unknown_share < "$log")" "%.1f") % |" \
        "$(calculate "$(trained_minutes "$name")" "%.1f") |"
}

table() {
    echo "| variant | parameters | int8 image, bytes | int4 image, bytes | bits per character | perplexity a token |" \
        "unknown | minutes |"
    echo "|---|---|---|---|---|---|---|---|"
    local row words
    for row in "${variants[@]}"; do
        read -ra words <<< "${row#*|}"
        variant_row "${row%%|*}" "${words[@]}"
    done
}

machine
case $part in
all) recipes && echo && table ;;
recipes) recipes ;;
variants) table ;;
*) echo "usage: shakespeare.sh [BUILD [recipes|variants]]" >&2 && exit 2 ;;
esac

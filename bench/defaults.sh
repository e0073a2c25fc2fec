#!/usr/bin/env bash
# Where the trainer's defaults come from: each preset with several strengths of dropout, the same number of passes over
# the 35 works, bits per character of the four held out. Usage: defaults.sh [BUILD [PRESET...]].
# EPOCHS (6) and THREADS (1; runs of different presets may be started side by side) say how much work.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
shift || true
. bench/lib.sh
need_data shakespeare
epochs=${EPOCHS:-6}
threads=${THREADS:-1}
mkdir -p "$work"
mapfile -t options < <(held_out_options)
mapfile -t files < <(held_out_files)

# NAME|what `train` is told
presets=(
    "char|--preset char"
    "word-1k|--preset word-1k"
    "dogberry|--preset dogberry"
    "word-8k|--preset word-8k"
    "bpe-2000|--preset dogberry --tokenizer bpe --vocab 2000"
    "dogberry-fast|--preset dogberry-fast"
)
# NAME|input, output, recurrent dropout
strengths=("none|0 0 0" "light|0.05 0.2 0.15" "full|0.1 0.4 0.3")

# PRESET STRENGTH INPUT OUTPUT RECURRENT OPTION...: trains one and prints its bits per character.
measure() {
    local name=defaults-$1-$2 input=$3 output=$4 recurrent=$5
    shift 5
    train "$name" "$data/shakespeare" "${options[@]}" --epochs "$epochs" --threads "$threads" --drop-input "$input" \
        --drop-output "$output" --drop-recurrent "$recurrent" "$@"
    calculate "$("$dogberry" eval "$work/$name" "${files[@]}" --json | field .bits_per_character)" "%.4f"
}

machine
echo "| preset | dropout (input, output, recurrent) | bits per character after $epochs epochs |"
echo "|---|---|---|"
for row in "${presets[@]}"; do
    name=${row%%|*}
    [ $# -eq 0 ] || printf '%s\n' "$@" | grep -qxF -- "$name" || continue
    read -ra words <<< "${row#*|}"
    for strength in "${strengths[@]}"; do
        read -ra shares <<< "${strength#*|}"
        bits=$(measure "$name" "${strength%%|*}" "${shares[@]}" "${words[@]}")
        echo "| $name | ${strength%%|*} (${shares[0]}, ${shares[1]}, ${shares[2]}) | $bits |"
    done
done

#!/usr/bin/env bash
# Nats per character on the usual split of tinyshakespeare (the first 1,003,854 bytes to learn from, the last 111,540 to
# be measured on), in float and as images that fit into 1 MiB. Usage: tinyshakespeare.sh [BUILD [VARIANT...]].
# MINUTES (9) says how long to train each, or EPOCHS passes over the text whatever they take; THREADS (all) on how many cores.
#
# A byte-level BPE loses nothing, so nats per character are exact: the text's nats, its one end token included, over
# its characters.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
shift || true
. bench/lib.sh
need_data tinyshakespeare.txt
length=(--minutes "${MINUTES:-9}")
[ -z "${EPOCHS:-}" ] || length=(--epochs "$EPOCHS")
threads=${THREADS:-$(nproc)}
mkdir -p "$work"

variants=(
    "lstm-512|--tokenizer bpe --vocab 512 --cell lstm --embedding 96 --hidden 512"
    "lstm-576|--tokenizer bpe --vocab 512 --cell lstm --embedding 96 --hidden 576"
    "lstm-400|--tokenizer bpe --vocab 512 --cell lstm --embedding 64 --hidden 400"
    "lstm-512-bpe-1024|--tokenizer bpe --vocab 1024 --cell lstm --embedding 64 --hidden 512"
    "gru-576|--tokenizer bpe --vocab 512 --cell gru --embedding 96 --hidden 576"
    "gru-2x400|--tokenizer bpe --vocab 512 --cell gru --embedding 64 --hidden 400 --layers 2"
    "lstm-512-noisy|--tokenizer bpe --vocab 512 --cell lstm --embedding 96 --hidden 512 --drop-input 0.15 --drop-output 0.5 --drop-recurrent 0.4"
    "lstm-576-noisy|--tokenizer bpe --vocab 512 --cell lstm --embedding 96 --hidden 576 --drop-input 0.15 --drop-output 0.5 --drop-recurrent 0.4"
)
only_known "$*" "${variants[*]%%|*}"
TRAIN_BYTES=1003854
VALIDATION_BYTES=111540
LIMIT=1048576 # bytes of an image

text=$data/tinyshakespeare.txt
if [ "$(stat -c %s "$text")" -ne $((TRAIN_BYTES + VALIDATION_BYTES)) ]; then
    echo "$text has $(stat -c %s "$text") bytes, not $((TRAIN_BYTES + VALIDATION_BYTES)): not the usual text" >&2
    exit 1
fi
head -c "$TRAIN_BYTES" "$text" > "$work/tiny-train.txt"
tail -c "$VALIDATION_BYTES" "$text" > "$work/tiny-val.txt"

# Nats per character of a model directory or an image.
nats() {
    calculate "log(2) * $("$dogberry" eval "$1" "$work/tiny-val.txt" --json | field .bits_per_character)" "%.4f"
}

# BITS: the columns of one image: nats per character and bytes.
image_cells() {
    local image=$work/$1-int$2.dog bytes
    bytes=$(pack "$1" "$2")
    if [ "$bytes" = refused ]; then
        echo "refused | |"
    elif [ "$bytes" -gt "$LIMIT" ]; then
        echo "too big | $bytes |"
    else
        echo "$(nats "$image") | $bytes |"
    fi
}

variant_row() {
    local name=$1 cells8 cells4
    shift
    echo "Variant $name, ${length[*]#--} ..." >&2
    train "tiny-$name" "$work/tiny-train.txt" --val "$work/tiny-val.txt" "${length[@]}" --threads "$threads" "$@"
    cells8=$(image_cells "tiny-$name" 8)
    cells4=$(image_cells "tiny-$name" 4)
    echo "| $name | $(trained_parameters "tiny-$name") | $(nats "$work/tiny-$name") | $cells8 $cells4" \
        "$(calculate "$(trained_minutes "tiny-$name")" "%.1f") |"
}

wanted() {
    local name=$1
    shift
    [ $# -eq 0 ] && return 0
    printf '%s\n' "$@" | grep -qxF -- "$name"
}

machine
echo "| variant | parameters | float, nats per character | int8 | bytes | int4 | bytes | minutes |"
echo "|---|---|---|---|---|---|---|---|"
for row in "${variants[@]}"; do
    wanted "${row%%|*}" "$@" || continue
    read -ra words <<< "${row#*|}"
    variant_row "${row%%|*}" "${words[@]}"
done

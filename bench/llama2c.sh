#!/usr/bin/env bash
# Tokens a second of stories260K on one host thread: the public llama2.c against `dogberry generate` on the int8 image.
#     bench/llama2c.sh PATH-TO-A-LLAMA2.C-CHECKOUT     (BUILD=..., DOGBERRY_DATA=...)
# Both write the same kind of text in turn, in one run; medians. Both clocks begin when the start token has been through the
# model and end with the text, printing included; llama2.c's counts whole milliseconds and leaves the first token out.
# Needs llama2c/stories260K.bin and tok512.bin of the data.
# SPDX-License-Identifier: MIT
set -euo pipefail
checkout=$(realpath "${1:?path of a llama2.c checkout?}")
cd "$(dirname "$0")/.."
build=${BUILD:-build}
source bench/lib.sh
need_data llama2c/stories260K.bin
need_data llama2c/tok512.bin
rounds=${ROUNDS:-21}
tokens=512
model=$data/llama2c/stories260K.bin
words=$data/llama2c/tok512.bin
mkdir -p "$work"

cc -O3 -march=native -ffast-math -o "$work/llama2c" "$checkout/run.c" -lm
"$dogberry" import llama2c "$model" --tokenizer "$words" -o "$work/stories260k" > "$work/import.log"
"$dogberry" pack "$work/stories260k" --bits 8 -o "$work/stories260k-int8.dog" > "$work/pack.log"

# Temperature 1 and a seed a round, so that texts differ alike; most end by themselves before all tokens are drawn.
theirs() { OMP_NUM_THREADS=1 "$work/llama2c" "$model" -z "$words" -t 1.0 -p 1.0 -s "$1" -n $tokens 2>&1 > /dev/null | sed -n 's/.*tok\/s: *//p'; }
ours() {
    OMP_NUM_THREADS=1 "$dogberry" generate "$work/stories260k-int8.dog" --temperature 1 --top-k 0 --top-p 0 --min-p 0 --repeat-penalty 0 --no-repeat 0 \
        --seed "$1" -n $tokens --json > "$work/said.json"
    calculate "$(field .tokens < "$work/said.json") / $(field .seconds < "$work/said.json")" %.0f
}
: > "$work/theirs.txt"
: > "$work/ours.txt"
for round in $(seq "$rounds"); do
    theirs "$round" >> "$work/theirs.txt"
    ours "$round" >> "$work/ours.txt"
done
machine
a=$(median < "$work/theirs.txt")
b=$(median < "$work/ours.txt")
echo "llama2.c, float32, -O3 -march=native -ffast-math: $(calculate "$a" %.0f) tokens/s (median of $rounds)"
echo "dogberry, int8, $(field .kernels < "$work/said.json"): $(calculate "$b" %.0f) tokens/s"
echo "ratio: $(calculate "$b / $a" %.2f) (goal: 3)"

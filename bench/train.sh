#!/usr/bin/env bash
# Training speed as a share of the machine's own matrix products: of preset dogberry, beside PyTorch's, both in turn so
# that a machine that slows down slows both, and of a transformer. Usage: train.sh [BUILD].
# SECONDS_EACH (10) and ROUNDS (3) say how long, THREADS (one a core) on how many; PYTHON is a Python that has torch
# (python3); TRANSFORMER is the second preset (expert-1310k).
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
. bench/lib.sh
python=${PYTHON:-python3}
seconds=${SECONDS_EACH:-10}
rounds=${ROUNDS:-3}
transformer=${TRANSFORMER:-expert-1310k}
threads=${THREADS:-$(nproc)}
log=$work/train
mkdir -p "$work"
rm -f "$log".*
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE # the kernels are the trainer's own choice

# ours PRESET: a round; adds its rates to the logs of the preset.
ours() {
    "$build/bench/bench_train" "$1" "$threads" "$seconds" > "$log.txt"
    sed -n 1p "$log.txt" > "$log.$1.preset"
    sed -nE 's|^sgemm.* ([0-9.]+) GFLOP/s.*|\1|p' "$log.txt" >> "$log.$1.sgemm"
    for precision in float bfloat16; do
        awk -v p="$precision" '$1 == "training," && $2 == p { print $3 }' "$log.txt" >> "$log.$1.$precision"
    done
}

# theirs PRECISION OPTION...: a round of PyTorch's.
theirs() {
    "$python" bench/torch_lstm.py --threads "$threads" --seconds "$seconds" "${@:2}" |
        field .words_per_second >> "$log.torch.$1"
}

# share PRESET PRECISION: cells of the table, words/s, GFLOP/s and the share of sgemm.
share() {
    local words sgemm million
    words=$(median < "$log.$1.$2")
    sgemm=$(median < "$log.$1.sgemm")
    million=$(sed -nE 's|.*: ([0-9.]+) MFLOP a word.*|\1|p' "$log.$1.preset")
    echo "$words | $(calculate "$words * $million / 1e3" "%.1f") | $(calculate "$words * $million / 10 / $sgemm" "%.0f") %"
}

machine
torch=
if "$python" -c 'import torch' 2> /dev/null; then
    torch=$("$python" -c 'import torch; print(torch.__version__)')
fi
half=
for _ in $(seq "$rounds"); do
    ours dogberry
    [ ! -s "$log.dogberry.bfloat16" ] || half=1
    if [ -n "$torch" ]; then
        theirs float
        [ -z "$half" ] || theirs bfloat16 --bfloat16
    fi
    ours "$transformer"
done
echo "Medians of $rounds rounds of $seconds s each, $threads threads. GFLOP: 6 floating point operations a word for each"
echo "weight in a matrix but the embedding's, two of the product forward, four of the two products backward."

printf '\n%s; sgemm, the best of six shapes: %.1f GFLOP/s\n\n' "$(cat "$log.dogberry.preset")" \
    "$(median < "$log.dogberry.sgemm")"
echo "| arithmetic | Dogberry, words/s | GFLOP/s | of sgemm | PyTorch ${torch:-} words/s | ratio |"
echo "|---|---|---|---|---|---|"
for precision in float ${half:+bfloat16}; do
    beside="- | -"
    if [ -n "$torch" ]; then
        words=$(median < "$log.torch.$precision")
        beside="$(calculate "$words" "%.0f") | $(calculate "$(median < "$log.dogberry.$precision") / $words" "%.2f")"
    fi
    echo "| $precision | $(share dogberry "$precision") | $beside |"
done
[ -n "$torch" ] || printf '\nskipped: PyTorch is not installed (PYTHON names a Python that has it)\n'

printf '\n%s; sgemm, the best of six shapes: %.1f GFLOP/s\n\n' "$(cat "$log.$transformer.preset")" \
    "$(median < "$log.$transformer.sgemm")"
echo "| arithmetic | tokens/s | GFLOP/s | of sgemm |"
echo "|---|---|---|---|"
for precision in float ${half:+bfloat16}; do
    echo "| $precision | $(share "$transformer" "$precision") |"
done

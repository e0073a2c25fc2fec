#!/usr/bin/env bash
# Training speed of preset dogberry, as a share of the machine's own matrix products and beside PyTorch's, both in
# turn so that a machine that slows down slows both. Usage: train.sh [BUILD].
# SECONDS_EACH (10) and ROUNDS (3) say how long; PYTHON is a Python that has torch (python3).
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
. bench/lib.sh
python=${PYTHON:-python3}
seconds=${SECONDS_EACH:-10}
rounds=${ROUNDS:-3}
threads=$(nproc)
log=$work/train
mkdir -p "$work"
rm -f "$log".*

machine
echo "A word costs 6 floating point operations for each weight in a matrix but the embedding's: two of the product"
echo "forward, four of the two products backward. 4 x 256 x (64 + 256) + 256 x 4000 weights: 8.11 MFLOP."
torch=
if "$python" -c 'import torch' 2> /dev/null; then
    torch=$("$python" -c 'import torch; print(torch.__version__)')
fi
half=
for round in $(seq "$rounds"); do
    "$build/bench/bench_train" dogberry "$threads" "$seconds" > "$log.txt"
    [ "$round" -gt 1 ] || sed -n 1p "$log.txt"
    sed -nE 's|^sgemm.* ([0-9.]+) GFLOP/s.*|\1|p' "$log.txt" >> "$log.sgemm"
    for precision in float bfloat16; do
        awk -v p="$precision" '$1 == "training," && $2 == p { print $3 }' "$log.txt" >> "$log.ours.$precision"
    done
    [ ! -s "$log.ours.bfloat16" ] || half=1
    if [ -n "$torch" ]; then
        "$python" bench/torch_lstm.py --threads "$threads" --seconds "$seconds" |
            field .words_per_second >> "$log.torch.float"
        [ -z "$half" ] || "$python" bench/torch_lstm.py --threads "$threads" --seconds "$seconds" --bfloat16 |
            field .words_per_second >> "$log.torch.bfloat16"
    fi
done

sgemm=$(median < "$log.sgemm")
printf '\nMedians of %s rounds of %s s each, %s threads; sgemm, the best of six shapes: %.1f GFLOP/s\n\n' \
    "$rounds" "$seconds" "$threads" "$sgemm"
echo "| arithmetic | Dogberry, words/s | GFLOP/s | of sgemm | PyTorch ${torch:-} words/s | ratio |"
echo "|---|---|---|---|---|---|"
for precision in float ${half:+bfloat16}; do
    ours=$(median < "$log.ours.$precision")
    theirs=- ratio=-
    if [ -n "$torch" ]; then
        theirs=$(median < "$log.torch.$precision")
        ratio=$(calculate "$ours / $theirs" "%.2f")
        theirs=$(calculate "$theirs" "%.0f")
    fi
    echo "| $precision | $ours | $(calculate "$ours * 8.10816e-3" "%.1f") |" \
        "$(calculate "$ours * 0.810816 / $sgemm" "%.0f") % | $theirs | $ratio |"
done
[ -n "$torch" ] || printf '\nskipped: PyTorch is not installed (PYTHON names a Python that has it)\n'

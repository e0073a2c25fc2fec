#!/usr/bin/env bash
# What the kernels for PCs gain: weights a nanosecond of every set that runs on this machine, then in WebAssembly
# without and with SIMD instructions (node); then instructions a weight on cores with kernels in C alone. Usage: kernels_fast.sh [BUILD].
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
. bench/lib.sh
source_dir=.
. tests/kernels/elsewhere.sh
mkdir -p "$work"

machine
cmake --build "$build" --target kernels_fast count_kernels_s3 -- --quiet
for target in host wasm wasm-simd rv32 xtensa; do
    printf '\n%s\n' "$target"
    case $target in
        rv32 | xtensa) flags="-O2 -DTICKS_ARE_INSTRUCTIONS" ;;
        *) flags=-O3 ;;
    esac
    if [ $target = host ]; then
        "$build/bench/kernels_fast"
    elif have $target; then
        # shellcheck disable=SC2086
        build_for $target "$work/kernels.$target" $flags bench/kernels_fast.c
        run_for $target "$work/kernels.$target"
    fi
done

printf '\nESP32-S3, counted (docs/PIE.md)\n'
"$build/tests/kernels/count_kernels_s3"

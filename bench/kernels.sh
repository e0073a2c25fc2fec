#!/usr/bin/env bash
# What a weight costs in each set of kernels, on a matrix of 1024 rows and 320 columns. Usage: kernels.sh [BUILD].
# One part for each kind of machine; a part whose tools are missing says so and is left out.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
source_dir=$PWD
work=${1:-build}/bench/kernels
mkdir -p "$work"
# shellcheck source=tests/kernels/cortex_m.sh
. tests/kernels/cortex_m.sh

table() {
    echo
    echo "$1"
    echo "| set | x | int8 | int4 |"
    echo "|---|---|---|---|"
}

# bare CORE LEVEL INSTRUCTIONS-A-TICK [QEMU-OPTION...]
bare() {
    local program=$work/$1$2.elf ticks
    [ "$1" = rp2040 ] && ticks=-DTICKS_ARE_ELAPSED || ticks=-DTICK=$3
    build "$1" "$program" "$2" "$ticks" bench/kernels_bare.c
    run_on "$1" "$program" "${@:4}"
}

rp2040() {
    have_rp2040 || return 0
    for level in -O2 -Os; do
        table "RP2040, $level: core cycles a weight, emulated, weights and code in RAM"
        bare rp2040 $level 1
    done
    echo
    echo "Code of the kernels, bytes:"
    arm-none-eabi-nm -S --size-sort "$work/rp2040-O2.elf" |
        sed -nE 's/^[0-9a-f]+ ([0-9a-f]+) [tT] (dogberry_matvec_i[48]_armv6m)$/\1 \2/p' |
        while read -r size name; do echo "$name $((16#$size))"; done
}

# The counters run on QEMU's clock of one nanosecond an instruction: 25 MHz there, 20 MHz on the M33's board.
larger_cores() {
    local core ticks
    for core in cortex-m4 cortex-m7 cortex-m33; do
        [ $core = cortex-m33 ] && ticks=50 || ticks=40
        table "$core, -O2: instructions a weight, emulated (instructions are not cycles)"
        bare $core -O2 $ticks -icount shift=0
    done
}

if have_cortex_m; then
    rp2040
    larger_cores
fi

#!/bin/sh
# Every set of kernels that an Arm core has against ref, on emulated cores; each prints the digest that the PC prints.
#     check_cortex_m.sh SOURCE_DIR CHECK_KERNELS_ON_THE_PC
# SPDX-License-Identifier: MIT
set -eu
source_dir=$1
on_pc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$source_dir/tests/kernels/cortex_m.sh"
have_cortex_m || exit 77
digest=$("$on_pc" | sed -n 's/^kernels ref: ok //p')

check() { # check CORE SET...
    core=$1
    shift
    build "$core" "$work/$core.elf" -O2 "$source_dir/tests/kernels/check_kernels.c"
    run_on "$core" "$work/$core.elf" >"$work/said" || true
    for set; do
        if ! grep -qx "kernels $set: ok $digest" "$work/said"; then
            echo "$core: $set does not give the PC's digest, $digest:"
            cat "$work/said"
            exit 1
        fi
        echo "$core: $set ok"
    done
}

check cortex-m0 ref armv6m
check cortex-m3 ref
check cortex-m4 ref arm-dsp
check cortex-m7 ref arm-dsp
check cortex-m33 ref arm-dsp
have_rp2040 || exit 77
check rp2040 ref armv6m

#!/bin/sh
# Every set of kernels there is for RISC-V, Xtensa and WebAssembly against ref, on emulated cores and in node; each
# prints the digest that the PC prints.
#     check_elsewhere.sh SOURCE_DIR CHECK_KERNELS_ON_THE_PC
# SPDX-License-Identifier: MIT
set -eu
source_dir=$1
on_pc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$source_dir/tests/kernels/elsewhere.sh"
status=0
digest=$("$on_pc" | sed -n 's/^kernels ref: ok //p')

check() { # check MACHINE BYTES SET...
    machine=$1
    bytes=$2
    shift 2
    have "$machine" || {
        status=77
        return
    }
    build_for "$machine" "$work/program" -O2 -DCHECK_BYTES="$bytes" "$source_dir/tests/kernels/check_kernels.c"
    run_for "$machine" "$work/program" >"$work/said" || true
    for set; do
        if ! grep -qx "kernels $set: ok $digest" "$work/said"; then
            echo "$machine: $set does not give the PC's digest, $digest:"
            cat "$work/said"
            exit 1
        fi
        echo "$machine: $set ok"
    done
}

check rv32 6144 ref scalar32
check xtensa 6144 ref scalar32
check wasm 6144 ref
check wasm-simd 1048576 ref wasm-simd128
exit $status

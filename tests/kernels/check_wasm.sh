#!/bin/sh
# The kernels for WebAssembly against ref, in node, with and without the SIMD instructions; both print the digest
# that the PC prints.
#     check_wasm.sh SOURCE_DIR CHECK_KERNELS_ON_THE_PC
# SPDX-License-Identifier: MIT
set -eu
source_dir=$1
on_pc=$2
for tool in clang wasm-ld node; do
    command -v $tool >/dev/null || {
        echo "skipped: no $tool"
        exit 0
    }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
digest=$("$on_pc" | sed -n 's/^kernels ref: ok //p')

check() { # check SET FLAG...
    set=$1
    shift
    clang --target=wasm32 "$@" -std=c99 -O2 -ffreestanding -nostdlib -Wl,--no-entry -DCHECK_BYTES=1048576 \
        -I"$source_dir/runtime/include" -I"$source_dir/runtime/src" "$source_dir/tests/kernels/check_kernels.c" \
        "$source_dir/tests/kernels/platform_wasm.c" "$source_dir/tests/isa/memory.c" \
        "$source_dir/runtime/src/kernels.c" $(find "$source_dir/runtime/kernels" -name '*.c') -o "$work/check.wasm"
    if ! node "$source_dir/tests/kernels/wasm.mjs" "$work/check.wasm" >"$work/said" ||
        ! grep -qx "kernels $set: ok $digest" "$work/said"; then
        echo "$set does not give the PC's digest, $digest:"
        cat "$work/said"
        exit 1
    fi
    cat "$work/said"
}

check ref
check wasm-simd128 -msimd128

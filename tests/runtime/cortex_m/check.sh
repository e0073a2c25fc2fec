#!/bin/sh
# The golden vectors of small images of every kind, written on this machine, reproduced by
# 32-bit cores in QEMU: the same tokens everywhere.
#     check.sh SOURCE_DIR FUZZ_IMAGE_PROGRAM
# SPDX-License-Identifier: MIT
set -eu
source_dir=$1
seeds=$2
for tool in arm-none-eabi-gcc qemu-system-arm; do
    if ! command -v $tool >/dev/null; then
        echo "skipped: no $tool"
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/images"
"$seeds" -write "$work/images"
{
    echo '.section .rodata'
    echo '.balign 16'
    echo '.global images_begin, images_end'
    echo 'images_begin:'
    for image in "$work"/images/*; do
        echo ".incbin \"$image\""
    done
    echo 'images_end:'
} >"$work/images.S"

check() { # check CPU MACHINE
    arm-none-eabi-gcc -std=c99 -mcpu="$1" -mthumb -O2 -ffreestanding -nostartfiles \
        -I"$source_dir/runtime/include" -I"$source_dir/runtime/src" -T "$source_dir/tests/runtime/cortex_m/link.ld" \
        "$source_dir/tests/runtime/cortex_m/verify.c" "$work/images.S" \
        "$source_dir"/runtime/src/*.c $(find "$source_dir/runtime/kernels" -name "*.[cS]") -o "$work/verify.elf"
    if ! timeout 60 qemu-system-arm -machine "$2" -nographic -monitor none -serial none -semihosting-config enable=on,target=native \
        -kernel "$work/verify.elf" </dev/null; then
        echo "$1: a golden vector was not reproduced"
        exit 1
    fi
    echo "$1: $(ls "$work/images" | wc -l) golden vectors reproduced"
}

check cortex-m0 microbit
check cortex-m3 mps2-an385
check cortex-m4 mps2-an386
check cortex-m7 mps2-an500

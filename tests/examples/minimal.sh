#!/usr/bin/env bash
# examples/minimal.c on this machine, and freestanding on an emulated Cortex-M0: both say the same.
#     minimal.sh SOURCE_DIR FUZZ_IMAGE_PROGRAM
# SPDX-License-Identifier: MIT
set -eu
source_dir=$1
seeds=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/images"
"$seeds" -write "$work/images"
sources="$source_dir/examples/minimal.c $(find "$source_dir/runtime" -name '*.c')"
flags="-std=c99 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -I$source_dir/runtime/include -I$source_dir/runtime/src"

# shellcheck disable=SC2086
cc -O1 $flags $sources -o "$work/minimal"
for image in "$work"/images/*; do
    "$work/minimal" "$image" >"$work/said-$(basename "$image")"
done
[ "$(cat "$work"/said-* | wc -w)" -gt 100 ]
head -c 2000 "$work/images/seed-0" >"$work/cut"
if "$work/minimal" "$work/cut" 2>"$work/refused"; then
    echo "an image that is cut short is no failure"
    exit 1
fi
grep -q DOGBERRY_ERR_TRUNCATED "$work/refused"
echo "this machine: $(ls "$work/images" | wc -l) images talk: $(head -c 60 "$work/said-seed-0" | tr '\n' ' ')..."

for tool in arm-none-eabi-gcc qemu-system-arm; do
    if ! command -v $tool >/dev/null; then
        echo "skipped on an emulated core: no $tool"
        exit 77
    fi
done
for image in seed-0 seed-10; do
    # shellcheck disable=SC2086
    arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -Os -ffreestanding -nostartfiles $flags \
        -T "$source_dir/examples/cortex_m0/link.ld" -DIMAGE="\"$work/images/$image\"" \
        "$source_dir/examples/cortex_m0/start.c" "$source_dir/examples/cortex_m0/image.S" $sources \
        $(find "$source_dir/runtime" -name '*.S') -o "$work/bare.elf"
    timeout 60 qemu-system-arm -machine microbit -display none -monitor none -serial none -chardev stdio,id=console \
        -semihosting-config enable=on,target=native,chardev=console -kernel "$work/bare.elf" </dev/null >"$work/bare"
    if ! diff -a "$work/bare" "$work/said-$image"; then
        echo "$image: the emulated Cortex-M0 says something else"
        exit 1
    fi
done
echo "Cortex-M0 in QEMU: says the same"

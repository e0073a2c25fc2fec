#!/usr/bin/env bash
# The smallest useful cut of the runtime: LSTM, int4 weights, words, lower case of ASCII, plain kernels. Compiled for a Cortex-M0+ with
# examples/minimal.c it must stay small; and it must run its kind of image as the whole runtime does, on this
# machine and on an emulated core, and refuse all others.
#     cut.sh SOURCE_DIR FUZZ_IMAGE_PROGRAM
# SPDX-License-Identifier: MIT
set -euo pipefail
source_dir=$1
seeds=$2
text_max=10240
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/images"
"$seeds" -write "$work/images"
cut="-DDOGBERRY_NO_GRU -DDOGBERRY_NO_FACTORED -DDOGBERRY_NO_INT8 -DDOGBERRY_NO_CHAR -DDOGBERRY_NO_BPE
     -DDOGBERRY_NO_SUBWORD -DDOGBERRY_NO_RULES -DDOGBERRY_NO_TOP_P -DDOGBERRY_NO_UNICODE_CASE
     -DDOGBERRY_NO_FAST_KERNELS -DDOGBERRY_NO_TRANSFORMER -DDOGBERRY_NO_STREAM"
flags="-std=c99 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -I$source_dir/runtime/include -I$source_dir/runtime/src"
sources="$source_dir/examples/minimal.c $(find "$source_dir/runtime" -name '*.c')"

# shellcheck disable=SC2086
cc -O1 $flags $sources -o "$work/whole"
# shellcheck disable=SC2086
cc -O1 $flags $cut $sources -o "$work/cut"
refused=0
for image in "$work"/images/*; do
    "$work/whole" "$image" > "$work/expected"
    if [ "$(basename "$image")" = seed-10 ]; then # LSTM, int4, words
        "$work/cut" "$image" > "$work/said"
        cmp "$work/said" "$work/expected"
    elif "$work/cut" "$image" > /dev/null 2> "$work/message" || ! grep -q DOGBERRY_ERR_UNSUPPORTED "$work/message"; then
        echo "$image: not refused as unsupported"
        exit 1
    else
        refused=$((refused + 1))
    fi
done
echo "this machine: the cut runs its kind and refuses $refused others"

for tool in arm-none-eabi-gcc qemu-system-arm; do
    if ! command -v $tool > /dev/null; then
        echo "skipped: no $tool"
        exit 77
    fi
done
bare="arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -Os -flto -ffreestanding -ffunction-sections -fdata-sections
      -Wl,--gc-sections -nostartfiles $flags $cut"
assembly=$(find "$source_dir/runtime" -name '*.S')
# What the compiler's library and memcpy take is not the runtime's: as in the measure of all of it.
# shellcheck disable=SC2086
$bare -nostdlib -Wl,-e,talk,--unresolved-symbols=ignore-all $sources $assembly -o "$work/cut.elf"
text=$(arm-none-eabi-size "$work/cut.elf" | awk 'NR == 2 { print $1 }')
echo "Cortex-M0+, -Os -flto: text $text bytes of code and tables"
if [ "$text" -gt $text_max ]; then
    echo "more than $text_max bytes"
    exit 1
fi
# shellcheck disable=SC2086
$bare -T "$source_dir/examples/cortex_m0/link.ld" -DIMAGE="\"$work/images/seed-10\"" \
    "$source_dir/examples/cortex_m0/start.c" "$source_dir/examples/cortex_m0/image.S" $sources $assembly -o "$work/bare.elf"
timeout 60 qemu-system-arm -machine microbit -display none -monitor none -serial none -chardev stdio,id=console \
    -semihosting-config enable=on,target=native,chardev=console -kernel "$work/bare.elf" < /dev/null > "$work/bare"
"$work/whole" "$work/images/seed-10" > "$work/expected"
cmp "$work/bare" "$work/expected"
echo "Cortex-M0 in QEMU: the cut says what the whole runtime says"

#!/usr/bin/env bash
# The ESP32-S3's assembly, run by pie/, against ref: right as it is, and wrong or stopped where a line of it is changed. Where
# there is an assembler that knows the chip, it has to take the files too.
#     check_s3.sh SOURCE_DIR CHECK_KERNELS CHECK_KERNELS_S3 COUNT_KERNELS_S3
# SPDX-License-Identifier: MIT
set -u
kernels=$1/runtime/kernels/xtensa_s3
on_pc=$2
on_s3=$3
on_s3_count=$4
boards=$1/host/boards/boards.c
pie=$1/docs/PIE.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed() {
    echo "$*"
    exit 1
}

digest=$("$on_pc" | sed -n 's/^kernels ref: ok //p')
"$on_s3" > "$work/said" 2>&1 || failed "$(cat "$work/said")"
grep -qx "kernels xtensa-s3: ok $digest" "$work/said" || failed "not the PC's digest, $digest: $(cat "$work/said")"
echo "xtensa-s3: ok $digest"

changes=0
changed() { # FILE SED-EXPRESSION: must be noticed
    rm -rf "$work/changed"
    cp -r "$kernels" "$work/changed"
    sed -i "$2" "$work/changed/$1"
    cmp -s "$kernels/$1" "$work/changed/$1" && failed "$1: nothing to change: $2"
    KERNELS_S3=$work/changed "$on_s3" > "$work/said" 2>&1 && failed "$1: not noticed: $2"
    changes=$((changes + 1))
}
changed matvec_i8.S '/ee.zero.accx/d'
changed matvec_i8.S 's/accx.ld.ip q2, a3, 16, q0, q1/accx.ld.ip q2, a3, 16, q0, q3/'
changed matvec_i8.S 's/addi    a4, a4, -1/addi    a4, a4, 0/'
changed matvec_i8.S 's/extui   a8, a4, 0, 1/extui   a8, a4, 1, 1/'
changed matvec_i8.S 's/mov     a9, a6/addi    a9, a6, 16/'
changed matvec_i8.S 's/s32i    a10, a2, 0/s32i    a10, a2, 4/'
changed matvec_i8.S '/loopnez/,/i8_last:/s/q3, a9, 16/q3, a9, 0/'
changed matvec_i4.S 's/everywhere      q5, 128/everywhere      q5, 136/'
changed matvec_i4.S 's/everywhere      q7, 1,/everywhere      q7, 2,/'
changed matvec_i4.S 's/ee.vunzip.8     q0, q2/ee.vunzip.8     q2, q0/'
changed matvec_i4.S 's/ee.xorq q3, q3, q5/ee.xorq q3, q3, q6/'
changed matvec_i4.S 's/srai    \\high, \\high, 4/srai    \\high, \\high, 3/'
changed matvec_i4.S 's/slli    a5, a5, 3/slli    a5, a5, 2/'
changed matvec_i4.S 's/minu    a6, a6, a5/mov     a6, a5/'
changed matvec_i4.S 's/addi    a4, a4, 8/addi    a4, a4, 4/'
changed matvec_i4.S 's/movi    a14, 0/movi    a14, 1/'
changed matvec_i4.S 's/l32i    a6, a2, 4 \* \\row + 4/l32i    a6, a2, 4 * \\row/'
changed matvec_i4.S 's/FRAME, 64/FRAME, 32/'
echo "noticed: $changes changes"

# What plans reckon with is what the instructions are counted to take on 256 columns.
counted=$("$on_s3_count" | sed -nE 's/^\| (int[48]) \| 256 \| [0-9.]+ \| ([0-9.]+) \|$/\1 \2/p')
grep -A3 '"xtensa-s3"' "$boards" | sed -nE 's/.*cycles_per_weight_i([48]) = ([0-9.]+),.*/int\1 \2/p' > "$work/planned"
[ "$counted" = "$(cat "$work/planned")" ] || failed "host/boards/boards.c has $(cat "$work/planned"), counted were $counted"
while read -r kind cycles; do
    grep -qE "^\| $kind \| 256 \| [0-9.]+ \| $cycles \|$" "$pie" || failed "docs/PIE.md does not have $kind $cycles"
done < "$work/planned"

# The target is known by ESP-IDF's configuration, and by nothing less.
preprocess() { # FILE OPTION...: as for an Xtensa
    local file=$1
    shift
    cc -E -P -D__XTENSA__ "$@" -I"$work" -x assembler-with-cpp "$kernels/$file.S"
}
for chip in ESP32 ESP32S3; do
    echo "#define CONFIG_IDF_TARGET_$chip 1" > "$work/sdkconfig.h"
    for file in matvec_i8 matvec_i4; do
        lines=$(preprocess $file -DESP_PLATFORM -D__XTENSA_WINDOWED_ABI__ | grep -c entry)
        [ "$lines" -eq $([ $chip = ESP32S3 ] && echo 1 || echo 0) ] || failed "$file.S for $chip: $lines routines"
        preprocess $file -DESP_PLATFORM -D__XTENSA_CALL0_ABI__ | grep entry && failed "$file.S without register windows"
        preprocess $file -D__XTENSA_WINDOWED_ABI__ | grep entry && failed "$file.S without ESP-IDF"
    done
done

for assembler in ${XTENSA_S3_AS:-} xtensa-esp32s3-elf-as xtensa-esp-elf-as; do
    command -v "$assembler" > /dev/null || continue
    for file in matvec_i8 matvec_i4; do
        preprocess $file -DESP_PLATFORM -D__XTENSA_WINDOWED_ABI__ > "$work/$file.s"
        "$assembler" "$work/$file.s" -o "$work/$file.o" || failed "$file.S: refused by $assembler"
    done
    echo "assembled by $("$assembler" --version | head -1)"
    exit
done
echo "assembling: skipped: no assembler that knows the ESP32-S3"

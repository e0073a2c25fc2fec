#!/bin/sh
# The runtime as a firmware takes it: compiled freestanding for a Cortex-M0+ by gcc and clang.
# Fails on a warning, on data or bss, on a symbol that is not the runtime's, not memcpy,
# memset or memcmp and not an integer helper of the compiler's, and on too much code: 24 KB for everything but
# transformers, 33 KB with them, 30.25 KB with them but without streaming; clang gets more.
#     check_freestanding.sh SOURCE_DIR
# SPDX-License-Identifier: MIT
set -eu
source_dir=$1
text_max=24576
text_max_no_stream=30976
text_max_all=33792
clang_adds=3456 # what clang -Oz makes more of the same sources than gcc -Os does
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=c99 -mthumb -ffreestanding -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
       -I$source_dir/runtime/include -I$source_dir/runtime/src"

# Nothing of the folder is in a firmware for another chip, unless that calls the self-test.
other_chip='kernels/xtensa_s3/'
only_transformers='(src/(attention|columns|feed_forward|rmsnorm|transformer)\.c|kernels/(ref/(attention|columns|swiglu)\.c|armv6m/(attention\.S|attention_any\.S|columns\.S|heads\.c|matvec_i8_short\.S|rescale\.S|take\.S)))$'

compile() { # compile NAME COMPILER AND OPTIONS...; what has no-transformer in its name goes without those files
    name=$1
    case $name in *no-transformer) left_out="$other_chip|$only_transformers" ;; *) left_out=$other_chip ;; esac
    shift
    mkdir "$work/$name"
    for file in $(find "$source_dir/runtime" -name '*.[cS]' | grep -vE "$left_out"); do
        "$@" $flags -c "$file" -o "$work/$name/$(echo "${file#"$source_dir"/}" | tr / -).o"
    done
}

check() { # check NAME TEXT_MAX
    objects="$work/$1/*.o"
    arm-none-eabi-nm --defined-only $objects | awk 'NF == 3 { print $3 }' | sort -u >"$work/defined"
    arm-none-eabi-nm -u $objects | awk '$1 == "U" { print $2 }' | sort -u |
        grep -vxF -f "$work/defined" | grep -vxE 'mem(cpy|set|cmp|move)|__aeabi_(mem(cpy|set|clr|move)[48]?|u?i(div|divmod)|ul?divmod|uldivmod|lmul|llsr|llsl|lasr)|__gnu_thumb1_case_[a-z]+' >"$work/foreign" || true
    if [ -s "$work/foreign" ]; then
        echo "$1: the runtime needs symbols that a bare machine lacks:"
        cat "$work/foreign"
        exit 1
    fi
    arm-none-eabi-size -t $objects | tail -1 >"$work/size"
    read -r text data bss rest <"$work/size"
    echo "$1, Cortex-M0+, for size: text $text, data $data, bss $bss bytes"
    if [ "$data" -ne 0 ] || [ "$bss" -ne 0 ]; then
        echo "$1: the runtime has variables of its own"
        exit 1
    fi
    if [ "$text" -gt "$2" ]; then
        echo "$1: more than $2 bytes of code and tables"
        exit 1
    fi
}

if ! command -v arm-none-eabi-gcc >/dev/null; then
    echo "skipped: no arm-none-eabi-gcc"
    exit 77
fi
compile gcc arm-none-eabi-gcc -Os -mcpu=cortex-m0plus
check gcc $text_max_all
compile gcc-no-stream arm-none-eabi-gcc -Os -mcpu=cortex-m0plus -DDOGBERRY_NO_STREAM
check gcc-no-stream $text_max_no_stream
compile gcc-no-transformer arm-none-eabi-gcc -Os -mcpu=cortex-m0plus -DDOGBERRY_NO_TRANSFORMER
check gcc-no-transformer $text_max
if command -v clang >/dev/null; then
    compile clang clang -Oz --target=thumbv6m-none-eabi -mcpu=cortex-m0plus
    check clang $((text_max_all + clang_adds))
    compile clang-no-transformer clang -Oz --target=thumbv6m-none-eabi -mcpu=cortex-m0plus -DDOGBERRY_NO_TRANSFORMER
    check clang-no-transformer $((text_max + clang_adds))
else
    echo "skipped by clang: there is none"
    exit 77
fi

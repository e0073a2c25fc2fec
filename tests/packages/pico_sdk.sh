#!/usr/bin/env bash
# The Pico SDK package's example, built whole with the SDK that the firmware is built with: RP2040, and RP2350.
#     pico_sdk.sh DOGBERRY SOURCE_DIR
source_dir=$(realpath "$2")
source "$(dirname "$0")/../cli/common.sh"
sdk=${PICO_SDK_PATH:-$source_dir/firmware/rp2040/node_modules/@xpack-3rd-party/raspberrypi-pico-sdk}
for tool in cmake ninja arm-none-eabi-g++; do
    command -v $tool > /dev/null || { echo "skipped: no $tool"; exit 77; }
done
[ -e "$sdk/pico_sdk_init.cmake" ] || { echo "skipped: no Pico SDK; make firmware fetches it"; exit 77; }
export PICO_SDK_PATH=$sdk

"$dogberry" corpus stories --bytes 30k -o good.txt
"$dogberry" train good.txt -o model --vocab 150 --embedding 8 --hidden 8 --epochs 1 --threads 1 -q > /dev/null
"$dogberry" pack model -o model.dog > /dev/null
succeeds "$dogberry" export model.dog --to pico-sdk -o package
for board in pico pico2; do
    # No picotool: it would have to be fetched and built, and only makes other forms of the same program.
    succeeds cmake -S package/examples/talk -B $board -G Ninja -DPICO_BOARD=$board -DPICO_NO_PICOTOOL=1 -DPICO_NO_UF2=1
    succeeds cmake --build $board
    holds test -s $board/talk.bin
    succeeds arm-none-eabi-nm $board/talk.elf
    holds grep -q ' dogberry_model$' out
    echo "built for $board: $(stat -c %s $board/talk.bin) bytes"
done
arm-none-eabi-nm pico/talk.elf > out
# The products' inner loops are in RAM.
holds grep -qE '^2[0-9a-f]+ . .*matvec_i8' out
finish

#!/usr/bin/env bash
# Plans over all boards, and what would fit before training.
source "$(dirname "$0")/common.sh"

"$dogberry" corpus stories --bytes 30k -o good.txt
"$dogberry" train good.txt -o model --vocab 150 --embedding 8 --hidden 8 --epochs 1 --threads 1 -q > /dev/null
"$dogberry" pack model -o model.dog > /dev/null

boards="rp2040 pico2 pico2-riscv esp32s3-n16r8 esp32s3-n8r2 esp32c3 esp8266 stm32f4-discovery stm32f7-discovery nrf52840
teensy41"
succeeds "$dogberry" plan model.dog
cp out table
for board in $boards; do
    holds grep -qE "^$board +yes" table
    succeeds "$dogberry" plan model.dog --board "$board"
    holds grep -q modelled out
    succeeds "$dogberry" plan model.dog --board "$board" --explain
    holds grep -q 'Read for one token' out
done
holds grep -q 'modelled, not measured' table
succeeds "$dogberry" plan model.dog --json
holds test "$(grep -c '"board":' out)" -eq 11
succeeds "$dogberry" plan model.dog --board teensy41 --json
holds grep -q '"flash_bytes_per_token": [1-9]' out

# An image too large for a board says what to change, and in the table it does not hide the others.
"$dogberry" train good.txt -o wide --vocab 150 --embedding 512 --hidden 512 --steps 1 --batch 2 --window 8 --threads 1 -q > /dev/null
"$dogberry" pack wide -o wide.dog > /dev/null
succeeds "$dogberry" plan wide.dog
holds grep -qE '^esp8266 +no' out
holds grep -qE '^rp2040 +no' out
holds grep -qE '^pico2 +yes' out
holds grep -q 'pack with --bits 4' out
"$dogberry" plan wide.dog --board rp2040 > out
holds test $? -eq 1
holds grep -q 'train preset' out

refused 2 '--firmware.*--board' "$dogberry" plan model.dog --firmware x.bin
refused 2 '--explain.*--board' "$dogberry" plan model.dog --explain
refused 1 'no such board' "$dogberry" plan model.dog --board toaster
refused 1 'missing' "$dogberry" plan missing.dog

succeeds "$dogberry" presets --board rp2040
holds grep -qE '^dogberry +8 yes' out
holds grep -qE '^word-8k +8 no' out
holds grep -qE '^word-8k +4 yes' out
succeeds "$dogberry" presets --board esp8266 --json
holds grep -q '"estimated_image_bytes"' out
succeeds "$dogberry" presets --json
holds grep -q '"preset": "expert-1310k"' out
refused 1 'no such board' "$dogberry" presets --board toaster
refused 2 'options only' "$dogberry" presets all
finish

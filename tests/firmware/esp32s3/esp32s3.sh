#!/usr/bin/env bash
# The ESP32-S3 firmware on this machine, over stubs of ESP-IDF: it says what `dogberry generate` says, on two threads.
#     esp32s3.sh DOGBERRY SOURCE_DIR
here=$(cd "$(dirname "$0")" && pwd)
root=$(realpath "$2")
source "$here/../../cli/common.sh"

"$dogberry" corpus stories --bytes 60k -o good.txt
"$dogberry" train good.txt -o model --vocab 300 --embedding 32 --hidden 96 --steps 3 --batch 2 --window 8 --threads 1 -q > /dev/null
"$dogberry" pack model --name wide -o wide.dog > /dev/null
"$dogberry" pack model --name narrow --bits 4 -o narrow.dog > /dev/null
"$dogberry" store make -o store.bin wide.dog narrow.dog > /dev/null
head -c 65536 /dev/zero | tr '\0' '\377' >> store.bin

# shellcheck disable=SC2046
succeeds cc -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -Wpedantic -Werror -I"$here/stubs" -I"$root/firmware/esp32s3/main" \
    -I"$root/firmware/console" -I"$root/runtime/include" -I"$root/runtime/src" "$here/host.c" \
    "$root"/firmware/esp32s3/main/*.c "$root"/firmware/console/*.c $(find "$root/runtime" -name '*.c') -pthread -o board
printf '/seed 4\nonce upon a time\n/use narrow\n/seed 4\nonce upon a time\n/bench\n' > typed
succeeds sh -c './board store.bin < typed'
cp out heard
for model in wide narrow; do
    succeeds "$dogberry" generate $model.dog --prompt "once upon a time" --seed 4 --length 40 --digest
    holds grep -q "digest $(sed -n 's/^digest //p' out)" heard
done
holds grep -q 'Dogberry .* on ESP32-S3' heard
holds grep -q 'golden vector ok' heard
holds grep -qE '^kernels [a-z0-9-]+: pass [0-9a-f]{8}$' heard
holds grep -q 'models are read from PSRAM' heard
holds grep -q both-cores heard

# Every command of the Pico's console is known here, too, and does something.
succeeds sh -c "printf '/help\n' | ./board store.bin"
sed -nE 's/^(> )?\/([a-z-]+)( [A-Z]+)?: .*/\2/p' out > commands
holds test "$(wc -l < commands)" -ge 15
{
    echo '/seed 4' && echo 'once upon a time'
    sed -E 's/^(.*)$/\/\1/; s/^\/(length)$/\/\1 5/; s/^\/(use)$/\/\1 2/; s/^\/(seed)$/\/\1 4/; s/^\/(temp|top-p|min-p|repeat)$/\/\1 0.5/
            s/^\/(top-k|no-repeat)$/\/\1 4/; s/^\/(copy)$/\/\1 1/' commands
    echo '/nonsense' && echo '/info'
} > typed_all
succeeds sh -c './board store.bin < typed_all'
holds test "$(grep -c 'unknown command' out)" -eq 1
holds grep -qE 'temperature 0.5' out
holds sh -c "! grep -qE '^/?[a-z-]+ takes|in place' out"
holds grep -q 'the model runs from RAM' out
head -c 100000 /dev/zero | tr '\0' '\377' > empty.bin
succeeds sh -c './board empty.bin < typed'
holds grep -q 'no model' out

# An image that ends behind its partition is not used; what comes before it is.
"$dogberry" store make -o both.bin narrow.dog wide.dog > /dev/null
head -c $(($(stat -c %s both.bin) - 20000)) both.bin > cut.bin
succeeds sh -c "printf '/models\n' | ./board cut.bin"
holds grep -qE 'narrow' out
holds grep -qE 'damaged|TRUNCATED' out
succeeds "$dogberry" store make -o held.bin wide.dog narrow.dog --partitions "$root/firmware/esp32s3/partitions_models.csv"

# The partition tables: nothing overlaps or ends beyond 16 MB, and apps begin at multiples of 64 KB.
for table in single models; do
    checks=$((checks + 1))
    grep -v '^#' "$root/firmware/esp32s3/partitions_$table.csv" | tr -d ' ' | {
        end=$((0x9000))
        while IFS=, read -r name type _ offset size; do
            [ $((offset)) -ge $end ] || exit 1
            [ "$type" != app ] && [ "$name" != models ] || [ $((offset % 65536)) -eq 0 ] || exit 1
            end=$((offset + size))
        done
        [ $end -le $((16 * 1024 * 1024)) ]
    } || failed "partitions_$table.csv"
done
finish

#!/usr/bin/env bash
# Models as C sources: compiled with the runtime they say what `dogberry generate` says; bad input leaves nothing behind.
runtime=$(realpath "$2")
source "$(dirname "$0")/common.sh"

"$dogberry" corpus stories --bytes 30k -o good.txt
"$dogberry" train good.txt -o model --vocab 150 --embedding 8 --hidden 8 --epochs 1 --threads 1 -q > /dev/null

# Names as people give them.
for name in "plain" "int" "Two Words" "Käse & Brot" "*/ 3\"x" "日本語"; do
    "$dogberry" pack model --name "$name" -o model.dog > /dev/null
    rm -rf out-c
    succeeds "$dogberry" export model.dog --to c -o out-c
    # shellcheck disable=SC2086
    succeeds cc -std=c99 -Wall -Wextra -Wpedantic -Werror -c out-c/*_model.c -o model.o
    succeeds cc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$runtime/include" out-c/example.c
done
holds test -s out-c/model_model.h

# The example says what the program says.
succeeds cc -std=c99 -O1 -I"$runtime/include" -I"$runtime/src" out-c/example.c out-c/model_model.c \
    "$runtime"/src/*.c "$runtime"/kernels/*/*.c -o talk
succeeds ./talk "once upon a time"
cp out said
succeeds "$dogberry" generate model.dog --prompt "once upon a time" --seed 1 --length 40
holds test -n "$(tr -d ' \n' < said)"
holds test "$(tr -d ' \n' < out)" = "onceuponatime$(tr -d ' \n' < said)"
holds grep -q 'modelled, not measured' out-c/export_summary.txt
holds grep -q '^  parameters   3094' out-c/export_summary.txt

# Twice the same bytes; a folder in use is left alone.
succeeds "$dogberry" export model.dog --to c -o again
holds diff -r out-c again
refused 1 'not empty.*--force' "$dogberry" export model.dog --to c -o again
echo mine > again/example.c
succeeds "$dogberry" export model.dog --to c -o again --force
holds diff -r out-c again

# Float weights (test_c_float runs them).
succeeds "$dogberry" export model --to c --float -o weights
succeeds "$dogberry" export model --to c --float -o weights2
holds diff -r weights weights2
holds grep -q 'EMBEDDING_WEIGHTS\[1200\]' weights/model_weights_word.h

# Bad input.
{ head -c 5000 model.dog; printf 'X'; tail -c +5002 model.dog; } > damaged.dog
refused 1 'DOGBERRY_ERR_CHECKSUM' "$dogberry" export damaged.dog --to c -o no
"$dogberry" train good.txt -o wide --vocab 150 --embedding 512 --hidden 512 --steps 1 --batch 2 --window 8 --threads 1 -q > /dev/null
"$dogberry" pack wide -o wide.dog > /dev/null
refused 1 'does not fit.*--bits 4' "$dogberry" export wide.dog --to c --board rp2040 -o no
refused 1 'missing' "$dogberry" export missing.dog --to c -o no
refused 1 'no such board' "$dogberry" export model.dog --to c --board toaster -o no
refused 1 'missing' "$dogberry" export missing --to c --float -o no
refused 2 '--float goes.*with --to c' "$dogberry" export model --float -o no
refused 2 'known' "$dogberry" export model.dog --to toast -o no
refused 2 'say where' "$dogberry" export model.dog --to c
holds test ! -e no
holds test -z "$(find . -name '*.part')"
finish

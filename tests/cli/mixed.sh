#!/usr/bin/env bash
# Images of mixed bits at the command line: the table, sizes in every spelling, and budgets that cannot be met.
source "$(dirname "$0")/common.sh"

succeeds "$dogberry" corpus stories --bytes 60k --seed 3 -o stories.txt
succeeds "$dogberry" train stories.txt -o model --vocab 300 --embedding 16 --hidden 64 --epochs 1 --threads 1 --seed 5
head -c 8000 stories.txt > part.txt
bytes() { stat -c %s "$1"; }
mixed() { "$dogberry" pack model --calibrate part.txt --bits mixed "$@"; }

succeeds "$dogberry" pack model --calibrate part.txt --bits 8 -o eight.dog
succeeds "$dogberry" pack model --calibrate part.txt --bits 4 -o four.dog
holds test "$(bytes four.dog)" -lt "$(bytes eight.dog)"

between=$((($(bytes eight.dog) + $(bytes four.dog)) / 2))
succeeds mixed --max-bytes $between -o mixed.dog
holds test "$(bytes mixed.dog)" -le $between
for tensor in embedding.weight layers.0.weight_input layers.0.weight_recurrent output.weight; do
    holds grep -qE "^$tensor +[48] +[0-9]+ +[0-9]+ +[+-][0-9.]+$" out
done
holds grep -qE '^output.weight +8|^layers.0.weight_recurrent +8|^embedding.weight +8' out
holds grep -q "Chosen for at most $between bytes" out
holds grep -q 'as int4 and int8' out
succeeds "$dogberry" verify mixed.dog
succeeds "$dogberry" inspect mixed.dog
holds grep -q '"bits":"mixed","tensors":{"embedding.weight":' out
succeeds mixed --max-bytes $between -j 1 -o same.dog
holds cmp -s mixed.dog same.dog
succeeds mixed -o chosen.dog
holds grep -q 'Chosen for a loss at most 0.1 % over 8 bits (--max-bytes sets a size instead)' out

# What fits in any case, in every spelling.
for most in 1M 1MiB 900k 900KiB 1000000; do
    succeeds mixed --max-bytes $most -o roomy.dog
    holds test "$(bytes roomy.dog)" -le 900000
done
refused 1 'mixed bits: 10240 bytes are too few .* the image has [0-9]+, which is the smallest' \
    "$dogberry" pack model --calibrate part.txt --bits mixed --max-bytes 10KiB -o none.dog
holds test ! -e none.dog
smallest=$(sed -E 's/.*the image has ([0-9]+),.*/\1/' err)
succeeds mixed --max-bytes "$smallest" -o least.dog
holds test "$(bytes least.dog)" -eq "$smallest"

refused 2 'whole number' "$dogberry" pack model --bits mixed --max-bytes 1MB -o x.dog
refused 2 'goes with --bits mixed' "$dogberry" pack model --bits 4 --max-bytes 1M -o x.dog
refused 2 '4, 8 or mixed' "$dogberry" pack model --bits 6 -o x.dog
finish

#!/usr/bin/env bash
# From built-in text to an image that talks, with a model small enough to train in seconds.
source "$(dirname "$0")/common.sh"

succeeds "$dogberry" corpus stories --bytes 120k --seed 3 -o stories.txt
succeeds "$dogberry" corpus stories --bytes 120k --seed 3
holds cmp -s out stories.txt
succeeds "$dogberry" train stories.txt -o model --vocab 300 --embedding 16 --hidden 24 --epochs 2 --threads 1 --seed 5
for file in model.safetensors config.json tokenizer.json history.jsonl curve.svg; do holds test -s "model/$file"; done
holds grep -q 'perplexity' out
cp out first_run

succeeds "$dogberry" train stories.txt -o again --vocab 300 --embedding 16 --hidden 24 --epochs 2 --threads 1 --seed 5
holds cmp -s model/model.safetensors again/model.safetensors

succeeds "$dogberry" pack model -o model.dog
succeeds "$dogberry" pack model -o same.dog
holds cmp -s model.dog same.dog
succeeds "$dogberry" inspect model.dog
holds grep -q 'vocabulary' out
holds sh -c '! grep -q stories.txt out' # paths stay at home
succeeds "$dogberry" plan model.dog --board rp2040
succeeds "$dogberry" eval model stories.txt --json
holds grep -q '"perplexity"' out
succeeds "$dogberry" eval model.dog stories.txt --json
holds grep -q '"bits_per_character"' out

succeeds "$dogberry" generate model.dog --prompt "Once upon a time" --seed 4 --digest
cp out said
succeeds "$dogberry" generate model.dog --prompt "Once upon a time" --seed 4 --digest
holds cmp -s out said
succeeds "$dogberry" generate model.dog --prompt "Once upon a time" --seed 4 --digest --kernels ref
holds cmp -s out said
succeeds "$dogberry" generate model.dog --kernels ref --json
holds grep -q '"kernels": "ref"' out
succeeds "$dogberry" generate model.dog --prompt "$(printf 'caf\351')" --json # no UTF-8, and JSON all the same
holds grep -q "$(printf '"prompt": "caf\357\277\275"')" out
refused 1 'neon.*there are:.* ref' "$dogberry" generate model.dog --kernels neon
succeeds "$dogberry" eval model.dog stories.txt --kernels ref --json
succeeds "$dogberry" generate model.dog --prompt "zzyzx qqq" --seed 4 --json
holds grep -q '"digest"' out
holds sh -c '! grep -q "<unk>" said out'

# The console on the PC gives the same words, line by line.
printf '/seed 4\nOnce upon a time\n/quit\n' > lines
succeeds sh -c "'$dogberry' chat model.dog < lines"
holds grep -q "digest $(sed -n 's/^digest //p' said)" out

succeeds "$dogberry" export model.dog --to uf2 --model-only -o model.uf2
holds test -s model.uf2
succeeds "$dogberry" export model.dog --to uf2 --model-only --append model.uf2 -o second.uf2
holds grep -q "slot [1-9]" out
succeeds "$dogberry" export model.dog --to uf2 --model-only --slot 7 -o third.uf2
holds grep -q "slot 7: " out
refused 1 "two images are called" "$dogberry" export model.dog model.dog --to uf2 --model-only -o no.uf2
refused 2 "go with --model-only" "$dogberry" export model.dog --to uf2 --slot 7 -o no.uf2
holds test -z "$(find . -name '*.part')"
finish

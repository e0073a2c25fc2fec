#!/usr/bin/env bash
# What generate and pack do with the options of sampling.
source "$(dirname "$0")/common.sh"

succeeds "$dogberry" corpus stories --bytes 60k --seed 3 -o stories.txt
succeeds "$dogberry" train stories.txt -o model --vocab 200 --embedding 8 --hidden 16 --epochs 1 --threads 1 --seed 5
succeeds "$dogberry" pack model -o model.dog

say() { "$dogberry" generate model.dog --prompt "the" --length 60 --seed 4 "$@"; }

say > free.txt
holds grep -qw 'the' free.txt
say --ban the > banned.txt
holds sh -c '! tail -c +5 banned.txt | grep -qw the'
say --stop ' and' > stopped.txt
holds sh -c '! grep -q " and" stopped.txt'
holds sh -c 'test $(wc -c < stopped.txt) -lt $(wc -c < free.txt)'
say --temperature 0 > greedy.txt
say --temperature 1 --top-k 1 > best.txt
say --temperature 1 --top-p 0.001 --top-k 0 > nucleus.txt
say --temperature 1 --min-p 1 --top-k 0 > least.txt
holds cmp greedy.txt best.txt
holds cmp greedy.txt nucleus.txt
holds cmp greedy.txt least.txt
holds sh -c '! cmp -s greedy.txt free.txt'
say --temperature 0 --no-repeat 2 > varied.txt
holds sh -c '! cmp -s greedy.txt varied.txt'

# The packer's numbers are the image's defaults.
succeeds "$dogberry" pack model -o greedy.dog --temperature 0
"$dogberry" generate greedy.dog --prompt "the" --length 60 --seed 4 > packed.txt
holds cmp greedy.txt packed.txt

refused 2 'top-p' "$dogberry" generate model.dog --top-p 2
refused 2 'min-p' "$dogberry" generate model.dog --min-p -1
finish

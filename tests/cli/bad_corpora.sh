#!/usr/bin/env bash
# Texts that nobody would choose to learn from, but that people have: what is said, and that nothing breaks.
source "$(dirname "$0")/common.sh"

tiny=(--embedding 8 --hidden 8 --steps 5 --threads 1 -q)
train() { "$dogberry" train "$@" "${tiny[@]}"; }
"$dogberry" corpus stories --bytes 60k -o good.txt

# One line, one line again and again, one very long line
for i in $(seq 3000); do printf 'word%d went home and ' $((i % 300)); done > line.txt
succeeds train line.txt -o line --vocab 150
holds test -s line/model.safetensors
yes 'the cat sat on the mat' | head -2000 > repeated.txt
refused 1 'only 5 different words.*add text' train repeated.txt -o repeated
refused 1 'stand twice.*nothing left' train repeated.txt -o repeated --dedupe
succeeds train repeated.txt -o repeated --tokenizer bpe --vocab 256
holds grep -qE '[0-9]+ of [0-9]+ held-out documents stand in the training text too' out
"$dogberry" corpus stories --bytes 5M | grep -v endoftext | tr '\n' ' ' > long.txt
holds test "$(wc -l < long.txt)" -eq 0
succeeds train long.txt -o long --vocab 200
yes a | head -5000000 | tr -d '\n' > word.txt
refused 1 'too short to learn byte pairs' train word.txt -o word --tokenizer bpe --vocab 256
refused 1 'different words' train word.txt -o word

# Other scripts and encodings
for i in $(seq 400); do printf 'the \xf0\x9f\x90\xb1 sat on the \xf0\x9f\x9a\x97%d \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80.\n' $((i % 40)); done > emoji.txt
for i in $(seq 800); do printf '\xe6\x88\x91\xe4\xbb\xac\xe7\x9a\x84\xe7\x8c\xab\xe5\x9c\xa8%d\xe5\xb1\x8b\xe9\x87\x8c\xe3\x80\x82' $((i % 50)); done > chinese.txt
for text in emoji chinese; do
    succeeds train $text.txt -o $text --tokenizer bpe --vocab 270
    succeeds train $text.txt -o $text.char --tokenizer char --vocab 16
    succeeds "$dogberry" pack $text -o $text.dog
    succeeds "$dogberry" generate $text.dog --prompt "$(head -c 12 $text.txt)"
done
{ cat good.txt; printf 'caf\xe9 au lait\n'; } > latin1.txt
refused 1 "latin1\\.txt.*$(($(wc -c < good.txt) + 3)).*--lossy" train latin1.txt -o latin1 --vocab 200
succeeds train latin1.txt -o latin1 --vocab 200 --lossy

# The held-out text is a training text under another name, or near it
cp good.txt same.txt
sed 's/ the / a /3' good.txt > near.txt
succeeds train good.txt --val same.txt -o same --vocab 200
holds grep -q 'the held-out text is part of the training text, word for word' out
succeeds train good.txt --val near.txt -o near --vocab 200
holds grep -qE '[0-9]+ of [0-9]+ held-out documents stand in the training text too' out
refused 1 'stand twice.*nothing left to train on' train good.txt --val same.txt -o same --vocab 200 --dedupe

# Each text twice: a share must not be cut between the copies
mkdir twice
csplit -s -f twice/first -n 3 good.txt '/<|endoftext|>/' '{40}'
for file in twice/first*; do sed '$s/$/ And all was well./' "$file" > "twice/second${file#twice/first}"; done
succeeds train twice -o twice.plain --vocab 200
holds grep -q 'first[0-9#]* and second[0-9#]* share most of their text' out
holds grep -q 'a text that stands twice is learnt by heart; --dedupe leaves each once' out
holds grep -qE '[0-9]+ of [0-9]+ held-out documents stand in the training text too' out
succeeds train twice -o twice.clean --vocab 200 --dedupe
holds grep -qE -- '--dedupe removed [0-9]+ documents from the training text' out
holds sh -c '! grep -q "held-out documents stand in" out'
succeeds train good.txt -o once --vocab 200 --json
once=$(sed 's/.*"corpus_hash":"\([0-9a-f]*\)".*/\1/' out)
cp good.txt again.txt
succeeds train good.txt again.txt -o both --vocab 200 --dedupe --json
holds test "$once" = "$(sed 's/.*"corpus_hash":"\([0-9a-f]*\)".*/\1/' out)" # the very text, its copy gone

# More asked for than the text holds
refused 1 'vocab|types|words' train good.txt -o large --vocab 5000
refused 1 'preset word-8k.*different ones; --preset' train good.txt -o large --preset word-8k
succeeds train good.txt -o said --vocab 700 --json
holds grep -q '"advice":\[.*occur once or twice' out
holds test ! -e large
finish

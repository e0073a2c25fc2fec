#!/usr/bin/env bash
# Runs that end before their time: Ctrl-C, kill, a full disk; and going on with them.
source "$(dirname "$0")/common.sh"

"$dogberry" corpus stories --bytes 60k -o good.txt
options=(--vocab 200 --embedding 8 --hidden 8 --threads 1 --seed 3 -q)
train() { "$dogberry" train good.txt "${options[@]}" "$@"; }

# Starts a run that would last for hours and sends it a signal once it has got going.
stop_with() {
    local signal=$1 folder=$2
    shift 2
    "$dogberry" train good.txt "${options[@]}" -o "$folder" --epochs 90000 "$@" > out 2> err &
    local process=$!
    for _ in $(seq 600); do
        [ -s "$folder/history.jsonl" ] && break
        sleep 0.1
    done
    sleep 0.3
    kill "-$signal" $process
    wait $process 2> killed.err
}

for signal in INT TERM; do
    stop_with $signal model-$signal
    holds test $? -eq 0
    holds grep -q "saved in model-$signal and can be used; the same command with --resume goes on" out
    holds test -s model-$signal/checkpoint.bin
    succeeds "$dogberry" pack model-$signal -o model.dog
    succeeds "$dogberry" generate model.dog
done
stop_with INT silent --json
holds grep -q '"stopped":true' out
stop_with KILL killed
holds test ! -e killed/config.json

# Going on: the same options or a refusal that names the other one.
folder=model-INT
cp $folder/checkpoint.bin before
refused 1 'seed' train -o $folder --epochs 90000 --resume --seed 4
refused 1 'epochs' train -o $folder --epochs 80000 --resume
refused 1 'hidden' train -o $folder --epochs 90000 --resume --hidden 9
refused 1 'rate' train -o $folder --epochs 90000 --resume --rate 0.002
refused 1 'dropout' train -o $folder --epochs 90000 --resume --dropout 0.1
refused 1 'vocabulary' train -o $folder --epochs 90000 --resume --vocab 201
refused 1 'validation text|training text' train -o $folder --epochs 90000 --resume --val 0.2
"$dogberry" corpus stories --bytes 60k --seed 9 -o other.txt
refused 1 'training text' "$dogberry" train other.txt "${options[@]}" -o $folder --epochs 90000 --resume
holds cmp -s $folder/checkpoint.bin before
stop_with INT $folder --resume
holds grep -q 'going on from step' out
holds sh -c "! cmp -s $folder/checkpoint.bin before"

# Nothing to go on with
succeeds train -o done --epochs 2
holds test ! -e done/checkpoint.bin
cp done/model.safetensors before
refused 1 'finished model.*no interrupted run' train -o done --epochs 2 --resume
holds cmp -s done/model.safetensors before
succeeds train -o fresh --epochs 2 --resume
holds grep -q 'no interrupted run in fresh to go on with: starting from the beginning' out
holds cmp -s fresh/model.safetensors before
succeeds train -o model-TERM --epochs 2
holds grep -q 'model-TERM holds an interrupted run, which this one replaces' out
holds cmp -s model-TERM/model.safetensors before

# A damaged checkpoint
stop_with INT damaged
printf 'X' | dd of=damaged/checkpoint.bin bs=1 seek=2000 conv=notrunc 2> dd.err
refused 1 'checkpoint\.bin.*damaged' train -o damaged --epochs 90000 --resume
head -c 3000 model-INT/checkpoint.bin > damaged/checkpoint.bin
refused 1 'checkpoint\.bin' train -o damaged --epochs 90000 --resume

# A disk that fills up: a limit on file size fails the same way.
stop_with INT full
cp -r full full.before
(trap '' XFSZ && ulimit -f 4 && exec "$dogberry" train good.txt "${options[@]}" -o full --epochs 90000 --resume) \
    > out 2> err &
process=$!
sleep 1
kill -INT $process
wait $process
holds test $? -eq 1
holds grep -q 'not saved.*with --resume goes on from the last state that was saved' err
for file in checkpoint.bin model.safetensors config.json tokenizer.json; do
    holds cmp -s full/$file full.before/$file
done
holds test -z "$(find full -name '*.part' -o -name '*.new')"
stop_with INT full --resume
holds grep -q 'going on from step' out
finish

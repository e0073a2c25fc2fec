#!/usr/bin/env bash
# Tuning for 8 and 4 bits: the packed image has the loss that tuning reports, and what is wrong is refused.
source "$(dirname "$0")/common.sh"

# nats FILE: the figure of `dogberry eval --json`.
nats() { sed -n 's/.*"nats_per_token": \([0-9.]*\).*/\1/p' "$1"; }
# figure NAME FILE: a number of the one-line object that `dogberry tune --json` prints.
figure() { sed "s/.*\"$1\":\([0-9.]*\).*/\1/" "$2"; }
within() { awk -v a="$1" -v b="$2" -v part="$3" 'BEGIN { exit !(a > 0 && b > 0 && a / b - 1 < part && b / a - 1 < part) }'; }

succeeds "$dogberry" corpus stories --bytes 60k --seed 3 -o stories.txt
succeeds "$dogberry" corpus stories --bytes 20k --seed 4 -o held.txt
succeeds "$dogberry" train stories.txt --val held.txt -o model --vocab 300 --embedding 16 --hidden 24 --epochs 2 \
    --threads 1 --seed 5
for bits in 8 4; do
    succeeds "$dogberry" tune model --bits $bits -o "tuned$bits" --epochs 1 --threads 1 --json
    cp out tuned.json
    holds grep -q "\"bits\": $bits" "tuned$bits/config.json"
    succeeds "$dogberry" pack "tuned$bits" -o "tuned$bits.dog"
    holds grep -q "as int$bits" out
    succeeds "$dogberry" eval "tuned$bits.dog" held.txt --json
    holds within "$(nats out)" "$(figure after tuned.json)" 0.0005
done

# The texts may be given again, and the same run makes the same weights.
succeeds "$dogberry" tune model --bits 4 -o again --epochs 1 --threads 1 --val held.txt stories.txt
holds cmp -s again/model.safetensors tuned4/model.safetensors
holds grep -q 'Held out, nats per token: float .* in 4 bits .* tuned' out

# A run that is stopped, then killed, ends with the same weights; other options are refused by name.
tune() { "$dogberry" tune model --bits 4 --threads 1 --epochs 40 "$@"; }
# stop_with SIGNAL: starts a run and sends it a signal once it has got going.
stop_with() {
    rm -f stopped/history.jsonl
    "$dogberry" tune model --bits 4 --threads 1 --epochs 40 -q -o stopped "${@:2}" > out 2> err &
    local process=$!
    for _ in $(seq 600); do
        [ -s stopped/history.jsonl ] && break
        sleep 0.02
    done
    kill "-$1" $process 2> killed.err
    wait $process 2> killed.err
}
succeeds tune -o whole
stop_with INT
holds grep -q 'the same command with --resume goes on' out
holds test -s stopped/checkpoint.bin
succeeds "$dogberry" pack stopped -o stopped.dog
stop_with KILL --resume
refused 1 'rounding' "$dogberry" tune model --bits 8 --threads 1 --epochs 40 -o stopped --resume --json
refused 1 'rate' "$dogberry" tune model --bits 4 --threads 1 --epochs 40 -o stopped --resume --rate 0.5 --json
succeeds tune -o stopped --resume
holds grep -q 'going on from step' out
holds cmp -s stopped/model.safetensors whole/model.safetensors
holds test ! -e stopped/checkpoint.bin
refused 1 'finished model.*no interrupted run' "$dogberry" tune model --bits 4 --epochs 40 -o stopped --resume --json

# A run that does harm leaves the weights as they were, and the image no worse.
succeeds "$dogberry" train stories.txt --val held.txt -o good --vocab 300 --embedding 16 --hidden 24 --epochs 40 \
    --threads 1 --seed 5
succeeds "$dogberry" pack good --bits 4 -o before.dog
succeeds "$dogberry" eval before.dog held.txt --json
nats out > before
succeeds "$dogberry" tune good --bits 4 -o harmed --epochs 1 --rate 0.5 --threads 1
holds grep -q 'Tuning did not make the image better' out
holds cmp -s harmed/model.safetensors good/model.safetensors
holds sh -c 'test -s harmed/config.json && ! grep -q "\"tuned\"" harmed/config.json'
succeeds "$dogberry" pack harmed --bits 4 -o harmed.dog
succeeds "$dogberry" eval harmed.dog held.txt --json
nats out > after
holds cmp -s before after

# Other bits than tuned for are possible; then the packer chooses as for any model.
succeeds "$dogberry" pack tuned4 --bits 8 -o other.dog
holds grep -q 'as int8' out
# Trained on without rounding, a model is no longer tuned.
succeeds "$dogberry" tune tuned4 --bits 32 -o untuned --epochs 1 --threads 1
holds sh -c 'test -s untuned/config.json && ! grep -q "\"tuned\"" untuned/config.json'

refused 2 'bits' "$dogberry" tune model -o x stories.txt
refused 2 'bits' "$dogberry" tune model --bits 5 -o x stories.txt
refused 2 'NEWDIR' "$dogberry" tune model --bits 8 stories.txt
refused 2 'another place' "$dogberry" tune model --bits 8 -o model stories.txt
refused 2 'val' "$dogberry" tune model --bits 8 -o x --val held.txt
refused 1 'no model' "$dogberry" tune nowhere --bits 8 -o x stories.txt
sed -i 's/"input_step": [0-9.e-]*/"input_step": -1/' tuned4/config.json
refused 1 'input_step' "$dogberry" pack tuned4 -o x.dog
mv stories.txt elsewhere.txt
refused 1 'give texts' "$dogberry" tune model --bits 8 -o x
finish

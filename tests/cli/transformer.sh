#!/usr/bin/env bash
# Transformers: trained by preset and by sizes, measured alike by train and eval, repeated bit for bit; what cannot be is
# refused in one line.
source "$(dirname "$0")/common.sh"

# nats FILE: the figure that train --json and eval --json print.
nats() { sed -n 's/.*"\(validation_\)\?nats_per_token": \?\([0-9.]*\).*/\2/p' "$1"; }
within() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 0 && b > 0 && a / b - 1 < 1e-5 && b / a - 1 < 1e-5) }'; }

succeeds "$dogberry" corpus stories --bytes 60k --seed 3 -o stories.txt
succeeds "$dogberry" corpus stories --bytes 20k --seed 4 -o held.txt
train() { succeeds "$dogberry" train stories.txt --val held.txt --threads 1 --json "$@"; }

train -o one --preset story-1k --steps 40
cp out one.json
holds grep -q '"parameters": 1280' one/config.json
holds grep -q '"hidden_act": "relu2"' one/config.json
holds grep -q '"type": "WordPiece"' one/tokenizer.json
succeeds "$dogberry" eval one held.txt --json
holds within "$(nats out)" "$(nats one.json)"
train -o two --preset story-1k --steps 40
holds cmp -s one/model.safetensors two/model.safetensors

# Every size by hand, and what a preset leaves.
train -o sizes --arch transformer --dim 18 --hidden 20 --layers 5 --heads 6 --kv-heads 2 --context 24 --ffn swiglu \
    --vocab 100 --drop-attention 0.1 --dropout 0.1 --steps 5
holds grep -q '"num_key_value_heads": 2' sizes/config.json
holds grep -q '"max_position_embeddings": 24' sizes/config.json
holds grep -q '"model_type": "llama"' sizes/config.json
train -o silu --preset story-1k --ffn silu --steps 40
cp out silu.json
holds grep -q '"model_type": "arcee"' silu/config.json
train -o short --preset story-1k --context 1 --steps 5
succeeds "$dogberry" eval short held.txt
train -o word --arch transformer --tokenizer word --vocab 200 --steps 2

refused 1 "5 heads do not divide the width 16" "$dogberry" train stories.txt -o no --preset chat-8k --heads 5
refused 1 "keys and values do not divide" "$dogberry" train stories.txt -o no --preset chat-8k --kv-heads 3
refused 1 "arch gru" "$dogberry" train stories.txt -o no --preset chat-8k --cell gru
refused 1 "arch transformer" "$dogberry" train stories.txt -o no --preset char --heads 2
refused 1 "leave one of them away" "$dogberry" train stories.txt -o no --preset char --arch transformer
refused 1 "gelu" "$dogberry" train stories.txt -o no --preset chat-8k --ffn gelu
refused 1 "output" "$dogberry" train stories.txt -o no --preset chat-8k --head factored

near() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 0 && b > 0 && a / b < 1.01 && b / a < 1.01) }'; }
succeeds "$dogberry" pack one -o one.dog
succeeds "$dogberry" verify one.dog
succeeds "$dogberry" plan one.dog --board rp2040
succeeds "$dogberry" eval one.dog held.txt --json
holds near "$(nats out)" "$(nats one.json)"
succeeds "$dogberry" pack silu -o silu.dog
succeeds "$dogberry" verify silu.dog
succeeds "$dogberry" eval silu.dog held.txt --json
holds near "$(nats out)" "$(nats silu.json)"
succeeds "$dogberry" pack short -o short.dog
succeeds "$dogberry" verify short.dog

# A prompt longer than the context is said to be, and what follows comes all the same; so with a context of one token.
prompt=$(head -c 300 held.txt | tr '\n' ' ')
succeeds "$dogberry" generate one.dog --prompt "$prompt" --digest
holds grep -qE '^note: the prompt is longer than the context of 32 tokens; its first [0-9]+ tokens or more are forgotten$' err
holds grep -q '^digest' out
succeeds "$dogberry" generate one.dog --prompt "the cat"
holds test ! -s err
succeeds "$dogberry" generate short.dog --prompt "$prompt"
holds grep -q 'context of 1 tokens' err
succeeds "$dogberry" chat short.dog < held.txt
succeeds "$dogberry" plan short.dog --board rp2040

# Keys and values of a long context that the board has no room for: plan names the context that would fit, and it does.
long() { train "$@" --arch transformer --dim 64 --hidden 8 --layers 2 --heads 2 --vocab 64 --steps 1 --batch 1 --window 8 -q; }
long -o long --context 4096
succeeds "$dogberry" pack long -o long.dog
"$dogberry" plan long.dog --board rp2040 > out
holds test $? -eq 1
holds grep -q 'does not fit: .* too few' out
context=$(sed -n 's/.*a context of [0-9]* tokens would fit: train with --context \([0-9]*\);.*/\1/p' out)
holds test "${context:-0}" -gt 32
long -o fits --context "$context"
succeeds "$dogberry" pack fits -o fits.dog
succeeds "$dogberry" plan fits.dog --board rp2040

# Tuned for 4 bits it loses less in 4 bits, and the image has the loss that tuning says; mixed bits fit where 8 do not.
figure() { sed "s/.*\"$1\":\([0-9.]*\).*/\1/" "$2"; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 0 && a < b) }'; }
succeeds "$dogberry" tune one --bits 4 -o tuned --steps 60 --rate 0.01 --threads 1 --json
cp out tuned.json
holds grep -q '"kept":true' tuned.json
holds grep -q '"tuned": {' tuned/config.json
succeeds "$dogberry" pack tuned -o tuned.dog
holds grep -q 'as int4' out
succeeds "$dogberry" eval tuned.dog held.txt --json
holds near "$(nats out)" "$(figure after tuned.json)"
holds less "$(nats out)" "$(figure before tuned.json)"
succeeds "$dogberry" pack one --bits 4 -o four.dog
# Zeros of ReLU skip columns, and change no token; without columns nothing is skipped.
succeeds "$dogberry" pack one --by-row -o rows.dog
succeeds "$dogberry" generate one.dog --prompt "the cat" --json
holds grep -q '"feed_forward"' out
skipped=$(sed -n 's/.*"skipped": \([0-9]*\).*/\1/p' out)
holds test "$skipped" -gt 0
digest=$(sed -n 's/.*"digest": "\([0-9a-f]*\)".*/\1/p' out)
succeeds "$dogberry" generate one.dog --prompt "the cat" --digest
holds grep -q "^digest $digest" out
holds grep -qE '^zeros skipped [1-9][0-9]*\.[0-9] % of the columns of second feed-forward matrices$' out
succeeds "$dogberry" generate rows.dog --prompt "the cat" --digest
holds grep -q "^digest $digest" out
holds test "$(grep -c 'zeros skipped' out)" -eq 0
succeeds "$dogberry" pack one --key-bits 8 -o narrow.dog
succeeds "$dogberry" inspect narrow.dog
holds grep -q 'keys of 8 bits' out
refused 1 "8 or 12 bits" "$dogberry" pack one --key-bits 9 -o none.dog
between=$((($(stat -c %s one.dog) + $(stat -c %s four.dog)) / 2))
succeeds "$dogberry" pack one --bits mixed --max-bytes $between -o mixed.dog
holds grep -qE '^model.layers.0.self_attn.q_proj.weight +[48] ' out
holds test "$(stat -c %s mixed.dog)" -le $between
succeeds "$dogberry" verify mixed.dog

finish

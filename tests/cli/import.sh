#!/usr/bin/env bash
# Models of other programs, made up here: imported, measured, refused.
source "$(dirname "$0")/common.sh"

u32() { for n in "$@"; do printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24 & 255)))"; done; }
zeros() { head -c "$1" /dev/zero; }
token() { u32 0 "${#1}"; printf '%s' "$1"; }

# Of 276 tokens, width 4, hidden 6, one layer of two heads that share keys, context 8; all weights are 0.
tokens=("a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" " ")
vocab=$((259 + ${#tokens[@]}))
floats=$((vocab * 4 + 4 + 16 + 8 + 8 + 16 + 4 + 3 * 24 + 4 + 16))
{ u32 4 6 1 2 1 $vocab 8; zeros $((4 * floats)); } > model.bin
{
    u32 6
    token "<unk>"; token "<s>"; token "</s>"
    for byte in $(seq 0 255); do token "$(printf '<0x%02X>' "$byte")"; done
    for text in "${tokens[@]}"; do token "$text"; done
} > words.bin
printf 'a bad cab\n' > text.txt

succeeds "$dogberry" import llama2c model.bin --tokenizer words.bin -o llama --text text.txt
holds grep -q '"name": "model"' llama/config.json
holds grep -q '"byte_fallback": true' llama/tokenizer.json
holds grep -q 'a bad cab' llama/calibration.txt
succeeds "$dogberry" eval llama text.txt
holds grep -q '^5.6' out # ln 275
succeeds "$dogberry" import llama2c model.bin --tokenizer words.bin -o said --name "a name"
holds grep -q '"name": "a name"' said/config.json

# A folder of the other kind: 16 tokens, width 4, hidden 6, one layer, context 8.
mkdir tiny
{ u32 16 4 6 1 2 8 0 0; zeros $((4 * (16 * 4 + 8 + 64 + 48 + 4))); } > tiny/model_1p.bin
{
    printf '\x10\x00'
    for text in "<pad>" "<s>" "</s>" "<unk>" a b c d e f g h i j k " "; do printf '%b%s' "\\x0${#text}" "$text"; done
} > tiny/vocab_1p.bin
echo '{"vocab_size": 16, "dim": 4}' > tiny/config_1p.json
succeeds "$dogberry" import rp2040 tiny/ -o small
holds grep -q '"name": "tiny"' small/config.json
succeeds "$dogberry" eval small text.txt
holds grep -q '^2.7' out # ln 16

# Packed at either width and mixed, tuned, said, planned and exported like a model trained here.
for bits in 8 4 mixed; do
    succeeds "$dogberry" pack small --bits $bits -o small-$bits.dog
    succeeds "$dogberry" verify small-$bits.dog
    succeeds "$dogberry" eval small-$bits.dog text.txt
    holds grep -q '^2.7' out
done
succeeds "$dogberry" inspect small-8.dog
holds grep -q '1 head' out
# A prompt longer than the context of 8 tokens, and a context of 1.
succeeds "$dogberry" generate small-8.dog --prompt 'a bad cab had a bag' --digest
holds grep -q 'longer than the context of 8 tokens' err
succeeds "$dogberry" chat small-8.dog < text.txt
succeeds "$dogberry" plan small-8.dog --board rp2040
for _ in $(seq 200); do cat text.txt; done | tee long.txt > held.txt
succeeds "$dogberry" tune small --bits 4 --steps 2 --threads 1 -o tuned --val held.txt long.txt
succeeds "$dogberry" pack tuned -o tuned.dog
mkdir single
{ u32 16 4 6 1 2 1 0 0; tail -c +33 tiny/model_1p.bin; } > single/model_1p.bin
cp tiny/vocab_1p.bin single
succeeds "$dogberry" import rp2040 single -o one
succeeds "$dogberry" pack one -o one.dog
succeeds "$dogberry" verify one.dog
succeeds "$dogberry" generate one.dog --prompt 'a bad cab' --digest
succeeds "$dogberry" pack llama -o llama.dog
succeeds "$dogberry" verify llama.dog

no() { refused 1 "$1" "$dogberry" import "${@:2}" -o no; holds test ! -e no; }
head -c 1000 model.bin > cut.bin
no 'cut.bin: 1000 bytes, but its sizes make' llama2c cut.bin --tokenizer words.bin
head -c 3000 words.bin > few.bin
no 'few.bin: ends' llama2c model.bin --tokenizer few.bin
no 'missing.bin' llama2c missing.bin --tokenizer words.bin
no 'no model_' rp2040 llama
no 'cannot open' rp2040 missing
cp tiny/model_1p.bin tiny/model_2p.bin
no 'more than one' rp2040 tiny
rm tiny/model_2p.bin
echo '{"dim": 5}' > tiny/config_1p.json
no '"dim" is not 4' rp2040 tiny
rm tiny/vocab_1p.bin
no 'vocab_1p.bin' rp2040 tiny
no 'name: longer' llama2c model.bin --tokenizer words.bin --name 0123456789012345678901234567890123456789
refused 2 'needs its tokenizer' "$dogberry" import llama2c model.bin -o no
refused 2 'only llama2c and rp2040' "$dogberry" import gguf model.bin -o no
refused 2 'in its folder' "$dogberry" import rp2040 tiny --tokenizer words.bin -o no
refused 2 'where to write' "$dogberry" import rp2040 tiny
refused 2 'one model' "$dogberry" import rp2040 -o no

finish

#!/usr/bin/env bash
# An image that stays in its file gives the same words through any buffer, whatever its layers, outputs, bits and
# tokenizer; a buffer too small is refused by the number that would do, and a file that changes is noticed.
source "$(dirname "$0")/common.sh"

succeeds "$dogberry" corpus stories --bytes 40k --seed 3 -o stories.txt
make() { # make NAME BITS TRAIN OPTIONS...
    local name=$1 bits=$2
    shift 2
    succeeds "$dogberry" train stories.txt -o model-$name --steps 5 --threads 1 --seed 5 "$@"
    succeeds "$dogberry" pack model-$name --bits "$bits" -o $name.dog
}
small="--vocab 200 --embedding 12 --hidden 24"
make word 8 $small --tokenizer word
succeeds "$dogberry" pack model-word --bits 4 -o word4.dog
make gru 4 --arch gru --layers 2 --tokenizer char --vocab 50 --embedding 12 --hidden 24
make factored 8 $small --head factored --classes 6 --tokenizer bpe --vocab 300
make tied 4 --vocab 200 --embedding 16 --hidden 16 --head tied --tokenizer subword
make swiglu 8 --arch transformer --dim 18 --hidden 20 --layers 3 --heads 6 --kv-heads 2 --context 24 --ffn swiglu \
    --vocab 100
succeeds "$dogberry" pack model-swiglu --bits 4 -o swiglu4.dog
make story 8 --preset story-1k

say() { "$dogberry" generate "$1" -p "The cat saw a dog." -n 30 --seed 11 --digest "${@:2}" > "$out" 2> err; }

for name in word word4 gru factored tied swiglu swiglu4 story; do
    out=mapped
    holds say $name.dog
    ram=$("$dogberry" inspect $name.dog | sed -nE 's/ *session ([0-9]+) bytes.*/\1/p')
    refused 1 'give --stream [0-9]+ or more' "$dogberry" generate $name.dog --stream 1
    least=$(sed -nE 's/.*give --stream ([0-9]+) or more.*/\1/p' err)
    refused 1 "give --stream $least or more" "$dogberry" generate $name.dog --stream $((least - 1))
    before=
    for buffer in "$least" $((2 * least + 3)) 5000 $(($(stat -c %s $name.dog) + 100)); do
        out=streamed
        holds say $name.dog --stream "$buffer"
        holds cmp -s mapped <(head -n -1 streamed)
        read -r reads session < <(tail -n 1 streamed | sed -nE \
            's/^streamed through [0-9]+ bytes: ([0-9]+) reads, [0-9]+ bytes; session RAM ([0-9]+) bytes$/\1 \2/p')
        holds test "$session" -eq $((ram + (buffer + 15) / 16 * 16))
        [ -z "$before" ] || holds test "$reads" -le "$before"
        before=$reads
    done
done

# For programs; what cannot be streamed.
succeeds "$dogberry" generate word.dog -n 5 --seed 2 --json --stream 4k
for field in '"buffer": 4000' '"least": [0-9]+' '"reads": [0-9]+' '"bytes": [0-9]+' '"ram_bytes": [0-9]+'; do
    holds grep -qE "$field" out
done
refused 1 'nowhere.dog' "$dogberry" generate nowhere.dog --stream 4k
refused 1 'regular file' "$dogberry" generate . --stream 4k
refused 1 'MAGIC' "$dogberry" generate stories.txt --stream 4k
head -c 3000 word.dog > short.dog
refused 1 'TRUNCATED' "$dogberry" generate short.dog --stream 4k
refused 2 'stream' "$dogberry" generate word.dog --stream 0

# The file ends while the words come: a clean error in one line. At temperature 0 this model goes on for long.
cp story.dog going.dog
mkfifo words
exec 3<> words # so that the program waits when nobody reads on, and is not ended by it
"$dogberry" generate going.dog -n 1000000000 --temperature 0 --stream 2k > words 2> going.err &
program=$!
head -c 300 <&3 > first
: > going.dog
cat <&3 > rest &
reader=$!
wait $program
holds test $? -eq 1
holds grep -qx 'dogberry generate: DOGBERRY_ERR_READ: .*' going.err
kill $reader

finish

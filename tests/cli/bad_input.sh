#!/usr/bin/env bash
# What people do by mistake: one clear line, a non-zero status, nothing lost or half written.
source "$(dirname "$0")/common.sh"

"$dogberry" corpus stories --bytes 60k -o good.txt
"$dogberry" train good.txt -o model --vocab 200 --embedding 8 --hidden 8 --epochs 1 --threads 1 -q > /dev/null
"$dogberry" pack model -o good.dog > /dev/null

# Texts
: > empty.txt
head -c 3000 /dev/urandom > binary.bin
printf 'a\0b' >> binary.bin
mkdir no_text one_dir
printf 'Too short a text.\n' > short.txt
printf 'good words\nbad \xff\xfe byte\n' > invalid.txt
iconv -f UTF-8 -t UTF-16 good.txt > utf16.txt
refused 1 'missing\.txt' "$dogberry" train missing.txt -o out_dir
refused 1 'empty\.txt.*empty' "$dogberry" train empty.txt -o out_dir
refused 1 'binary\.bin' "$dogberry" train binary.bin -o out_dir
refused 1 'utf16\.txt' "$dogberry" train utf16.txt -o out_dir
refused 1 'no_text' "$dogberry" train no_text -o out_dir
refused 1 'least' "$dogberry" train short.txt -o out_dir
refused 1 'invalid\.txt.*15.*--lossy' "$dogberry" train invalid.txt -o out_dir
refused 1 'val' "$dogberry" train good.txt --val nowhere.txt -o out_dir
refused 1 'preset' "$dogberry" train good.txt --preset huge -o out_dir
refused 1 'vocab|types|words' "$dogberry" train good.txt --vocab 60000 -o out_dir
holds test ! -e out_dir

# Command lines
refused 2 'there is no command' "$dogberry" sing
refused 2 'no option' "$dogberry" train good.txt --loud
refused 2 'whole number' "$dogberry" corpus stories --bytes many
refused 2 "stories, chat or tales" "$dogberry" corpus poems
refused 2 "64" "$dogberry" corpus tales --tokens 30
refused 2 'takes' "$dogberry" generate good.dog --temperature 99999999999999
refused 2 'needs a value' "$dogberry" train good.txt -o
refused 2 'one image' "$dogberry" generate

# Places that cannot be written
refused 1 'cannot|not saved' "$dogberry" corpus stories --bytes 10k -o /proc/stories.txt
refused 1 'good\.txt' "$dogberry" train good.txt -o good.txt --epochs 1
if [ "$(id -u)" -ne 0 ]; then
    chmod 555 one_dir
    refused 1 'one_dir' "$dogberry" pack model -o one_dir/x.dog
fi
# A disk that fills up while saving: a limit on file size fails the same way.
cp good.dog kept.dog
limited() { (trap '' XFSZ && ulimit -f 4 && exec "$@"); }
refused 1 'not saved' limited "$dogberry" pack model -o kept.dog
holds cmp -s good.dog kept.dog
refused 1 'not saved' limited "$dogberry" corpus stories --bytes 1M -o big.txt
holds test ! -e big.txt
holds test -z "$(find . -name '*.part')"

# Model directories
mkdir foreign
refused 1 'foreign' "$dogberry" pack foreign -o x.dog
for file in model.safetensors config.json tokenizer.json; do
    rm -rf broken && cp -r model broken
    head -c 100 "model/$file" > "broken/$file"
    refused 1 "$file" "$dogberry" pack broken -o x.dog
    rm "broken/$file"
    refused 1 "$file" "$dogberry" eval broken good.txt
done
# A weight that is no number, as another program may leave it behind
rm -rf broken && cp -r model broken
sed -i 's/"checksums"/"was_checksums"/' broken/config.json
printf '\0\0\300\177' | dd of=broken/model.safetensors bs=1 seek=$(($(stat -c %s broken/model.safetensors) - 4)) conv=notrunc status=none
refused 1 'model\.safetensors.*not a finite number' "$dogberry" pack broken -o x.dog
refused 1 'not a finite number' "$dogberry" eval broken good.txt
holds test ! -e x.dog

# Images
head -c 1000 good.dog > cut.dog
{ head -c 5000 good.dog; printf 'X'; tail -c +5002 good.dog; } > flipped.dog
{ head -c 4 good.dog; printf '\011\000'; tail -c +7 good.dog; } > newer.dog
refused 1 'empty|not a Dogberry' "$dogberry" generate empty.txt
refused 1 'not a Dogberry' "$dogberry" generate good.txt
refused 1 'TRUNCATED' "$dogberry" generate cut.dog
refused 1 'CHECKSUM' "$dogberry" inspect flipped.dog
refused 1 'VERSION.*newer' "$dogberry" generate newer.dog
refused 1 'no such board' "$dogberry" plan good.dog --board toaster

# Odd prompts are no mistakes.
succeeds "$dogberry" generate good.dog --prompt ""
succeeds "$dogberry" generate good.dog --prompt "$(printf 'xyzzy plugh %.0s' $(seq 1 500))"
succeeds "$dogberry" generate good.dog --prompt "$(printf 'the cat %.0s' $(seq 1 3000))"
succeeds sh -c "head -c 10000 /dev/zero | tr '\\0' x | '$dogberry' chat good.dog"
succeeds sh -c "head -c 3000 /dev/urandom | '$dogberry' chat good.dog"
finish

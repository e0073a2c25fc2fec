#!/usr/bin/env bash
# Stores: made, listed, damaged and listed again.
source "$(dirname "$0")/common.sh"

"$dogberry" corpus stories --bytes 30k -o good.txt
"$dogberry" train good.txt -o model --vocab 150 --embedding 8 --hidden 8 --epochs 1 --threads 1 -q > /dev/null
for name in poet clerk guard; do
    "$dogberry" pack model --name $name -o $name.dog > /dev/null
done
"$dogberry" pack model --name poet --bits 4 -o other.dog > /dev/null

succeeds "$dogberry" store make -o three.bin poet.dog clerk.dog guard.dog
succeeds "$dogberry" store list three.bin
holds grep -qE '^ +0 +[0-9]+ +[0-9]+  poet$' out
holds grep -q '  clerk$' out
holds grep -q '^3 sound, 0 damaged' out
second=$("$dogberry" store list three.bin --json | sed -n 's/.*"offset": \([0-9]*\),/\1/p' | sed -n 2p)
holds test $((second % 4096)) -eq 0
holds cmp -s -n "$(stat -c %s clerk.dog)" -i 0:"$second" clerk.dog three.bin

# One byte of the second image: the others are still there, and the status says so.
{ head -c $((second + 2000)) three.bin; printf 'X'; tail -c +$((second + 2002)) three.bin; } > damaged.bin
if "$dogberry" store list damaged.bin > out; then failed "a damaged image is no failure"; fi
holds grep -q 'damaged: DOGBERRY_ERR_CHECKSUM' out
holds grep -q '^2 sound, 1 damaged' out
holds grep -q '  guard$' out

# Two images of one name: none made, but listed where someone put them there.
refused 1 "other.dog.*'poet'" "$dogberry" store make -o two.bin poet.dog clerk.dog other.dog
holds test ! -e two.bin
succeeds "$dogberry" store make -o first.bin poet.dog
succeeds "$dogberry" store make -o second.bin other.dog
cat first.bin second.bin > two.bin
succeeds "$dogberry" store list two.bin
holds grep -q 'hidden' out
holds test "$("$dogberry" store list two.bin --json | grep -c '"hidden": true')" -eq 1

# An ESP-IDF partition that has to hold the store: as large as it, and a byte smaller.
bytes=$(stat -c %s three.bin)
printf '# Name, Type, SubType, Offset, Size\nnvs,data,nvs,0x9000,16K\nmodels, data, 0x40, 0x420000, %d\n' "$bytes" > fits.csv
sed "s/$bytes/$((bytes - 1))/" fits.csv > small.csv
succeeds "$dogberry" store make -o fits.bin --partitions fits.csv poet.dog clerk.dog guard.dog
holds grep -q 'esptool.py write_flash 0x420000 fits.bin' out
holds cmp -s three.bin fits.bin
refused 1 'guard.dog: does not fit:.* 1 too many' "$dogberry" store make -o small.bin --partitions small.csv poet.dog clerk.dog guard.dog
holds test ! -e small.bin
printf 'nvs, data, nvs, , 16K\n' > none.csv
refused 1 'no partition models' "$dogberry" store make -o small.bin --partitions none.csv poet.dog
printf 'models, data, 0x40, , 1M\n' > open.csv
refused 1 'written out' "$dogberry" store make -o small.bin --partitions open.csv poet.dog
refused 1 'missing.csv' "$dogberry" store make -o small.bin --partitions missing.csv poet.dog

# Mistakes
: > empty.bin
head -c 20000 /dev/urandom > garbage.bin
head -c 20000 /dev/zero | tr '\0' '\377' > erased.bin
for file in empty garbage erased; do
    refused 1 'no image' "$dogberry" store list $file.bin
    refused 1 "$file.bin" "$dogberry" store make -o no.bin poet.dog $file.bin
done
refused 1 'missing' "$dogberry" store list missing.bin
refused 1 'missing' "$dogberry" store make -o no.bin missing.dog
refused 2 'images and' "$dogberry" store make poet.dog
refused 2 'images and' "$dogberry" store make -o no.bin
refused 2 'say' "$dogberry" store
refused 2 'say' "$dogberry" store list a b
holds test ! -e no.bin
cp three.bin kept.bin
refused 1 'clerk.dog' "$dogberry" store make -o three.bin clerk.dog clerk.dog
holds cmp -s three.bin kept.bin
finish

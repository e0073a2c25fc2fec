#!/usr/bin/env bash
# Images are verified with every set of kernels; what is damaged is refused with the reason.
source "$(dirname "$0")/common.sh"

succeeds "$dogberry" corpus stories --bytes 60k --seed 3 -o stories.txt
succeeds "$dogberry" train stories.txt -o model --vocab 200 --embedding 8 --hidden 16 --epochs 1 --threads 1 --seed 5
for bits in 8 4; do
    succeeds "$dogberry" pack model --bits $bits -o model$bits.dog
    succeeds "$dogberry" verify model$bits.dog
    holds grep -q '^OK: ' out
    holds test "$(grep -c 'right$' out)" -ge 2
    holds sh -c '! grep -q WRONG out'
done
succeeds "$dogberry" verify model8.dog --json
holds grep -q '"right": true' out

# patch FILE OFFSET BYTES(octal): writes over a file's bytes.
patch() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2> dd.err; }

cp model8.dog damaged.dog
patch damaged.dog 5000 '\125\252'
refused 1 'CHECKSUM' "$dogberry" verify damaged.dog
head -c 3000 model8.dog > short.dog
refused 1 'TRUNCATED' "$dogberry" verify short.dog
: > empty.dog
refused 1 'not a Dogberry image' "$dogberry" verify empty.dog
refused 1 'nowhere' "$dogberry" verify nowhere.dog
refused 2 'one image' "$dogberry" verify

# Every image of a store, and behind a damaged one the others.
succeeds "$dogberry" pack model --name other -o other8.dog
succeeds "$dogberry" store make -o two.bin model8.dog other8.dog
succeeds "$dogberry" verify two.bin
holds test "$(grep -c '^OK: ' out)" -eq 2
holds grep -q '^OK: other,' out
holds grep -q '^2 images, 0 not right$' out
cp two.bin damaged.bin
patch damaged.bin 5000 '\125\252'
refused 1 'CHECKSUM' "$dogberry" verify damaged.bin
holds grep -q '^OK: other,' out
holds grep -q '^2 images, 1 not right$' out
refused 1 'one image' "$dogberry" verify two.bin --json

# A whole image whose golden digest (byte 88) is another's: every field and the checksum are right, the vector is not.
cp model8.dog other.dog
patch other.dog 88 '\001\002\003\004'
cat > mend.mjs << 'END'
import { readFileSync, writeFileSync } from "node:fs";
const data = readFileSync(process.argv[2]);
let crc = 0xffffffff;
data.forEach((byte, at) => {
    if (at >= 12 && at < 16)
        return;
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++)
        crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
});
data.writeUInt32LE(~crc >>> 0, 12);
writeFileSync(process.argv[2], data);
END
succeeds node mend.mjs other.dog
refused 1 'golden vector came out otherwise' "$dogberry" verify other.dog
holds grep -q 'instead of 04030201  WRONG' out
"$dogberry" verify other.dog --json > out 2> err
holds grep -q '"right": false' out
finish

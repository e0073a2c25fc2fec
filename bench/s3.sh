#!/usr/bin/env bash
# What an ESP32-S3 should do, on paper: bytes a token reads of each memory, instructions a weight, milliseconds, words a
# second. Modelled from counts and bandwidths (docs/BOARDS.md says whose); nothing is measured. Usage: s3.sh [BUILD].
# stories260K needs DOGBERRY_DATA.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
# shellcheck source=bench/lib.sh
. bench/lib.sh
board=${BOARD:-esp32s3-n16r8}
mkdir -p "$work/s3"

# line NAME: a row of the table from a plan's figures on standard input.
line() {
    node -e '
        const p = JSON.parse(require("fs").readFileSync(0, "utf8")), ms = (s) => (1e3 * s).toFixed(1);
        const range = (least, most) => `${least.toFixed(1)} to ${most.toFixed(1)}`;
        const kb = (bytes) => Math.round(bytes / 1000).toLocaleString("en-US");
        console.log(`| ${process.argv[1]} | ${kb(p.flash_bytes_per_token)} | ${kb(p.ram_bytes_per_token)} | ` +
            `${ms(p.modelled_core_seconds)} | ${ms(p.modelled_flash_seconds)} | ${ms(p.modelled_psram_seconds)} | ` +
            `${range(p.modelled_tokens_per_second_least, p.modelled_tokens_per_second)} | ` +
            `${range(p.modelled_psram_tokens_per_second_least, p.modelled_psram_tokens_per_second)} |`);' "$1"
}

# preset NAME: its two rows.
preset() {
    local bits
    for bits in 8 4; do
        "$dogberry" presets --board "$board" --json |
            node -e 'const all = JSON.parse(require("fs").readFileSync(0, "utf8"));
                     console.log(JSON.stringify(all.find((p) => p.preset === process.argv[1])["int" + process.argv[2]]));' \
                "$1" $bits | line "\`$1\`, int$bits"
    done
}

imported() {
    local model=$data/llama2c/stories260K.bin bits
    if [ ! -e "$model" ]; then
        echo "stories260K: skipped: no data ($model is missing; DOGBERRY_DATA names the folder)" >&2
        return
    fi
    "$dogberry" import llama2c "$model" --tokenizer "$data/llama2c/tok512.bin" -o "$work/s3/stories" > "$work/s3/log"
    for bits in 8 4; do
        "$dogberry" pack "$work/s3/stories" --bits $bits -o "$work/s3/$bits.dog" > "$work/s3/log"
        "$dogberry" plan "$work/s3/$bits.dog" --board "$board" --json | line "\`stories260K\`, int$bits"
    done
}

"$build/tests/kernels/count_kernels_s3"
echo
echo "| model | KB a token: image | inner RAM | ms: core | from flash | from PSRAM | words/s: flash | PSRAM |"
echo "|---|---|---|---|---|---|---|---|"
preset dogberry
preset dogberry-fast
imported
preset expert-1310k

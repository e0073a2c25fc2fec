#!/bin/sh
# prepare.sh OUTPUT-DIR MAKE-IMAGE: everything the emulator's tests run on: the emulator's packages, the firmware
# for both chips, tiny models. Exits with 77 (skipped) where a tool is missing.
# SPDX-License-Identifier: MIT
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
for tool in node npm arm-none-eabi-gcc python3 ninja; do
    command -v $tool >/dev/null || {
        echo "skipped: $tool is not installed"
        exit 77
    }
done
if [ ! -f "$root/tools/emulate/node_modules/.package-lock.json" ]; then
    (cd "$root/tools/emulate" && npm ci --ignore-scripts --no-audit --no-fund)
fi
"$root/firmware/rp2040/build.sh" "$1" pico pico2 >"$1/build.log" 2>&1 || {
    cat "$1/build.log"
    exit 1
}
if grep -n 'warning:' "$1/build.log"; then
    echo "the firmware compiles with warnings"
    exit 1
fi
"$2" "$1/tiny.dog" 64 16 24
"$2" "$1/second.dog" 96 32 48 second
"$2" "$1/third.dog" 80 16 32 third
"$2" "$1/four_bits.dog" 160 80 100 four_bits 4
"$2" "$1/columns.dog" 96 48 200 columns 8 transformer
"$2" "$1/columns_four.dog" 96 72 200 columns_four 4 transformer

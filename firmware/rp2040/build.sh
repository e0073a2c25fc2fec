#!/bin/sh
# Builds the firmware: build.sh [pico|pico2] [BUILD-DIR]. Fetches the locked Pico SDK first where none is there.
# PICO_SDK_PATH, if set, names the SDK to use instead. Result: BUILD-DIR/dogberry.elf and dogberry.bin.
# SPDX-License-Identifier: MIT
set -eu

board=${1:-pico}
here=$(cd "$(dirname "$0")" && pwd)
case $board in
pico) chip=rp2040 ;;
pico2) chip=rp2350 ;;
*) echo "build.sh: no board '$board'; known: pico, pico2" >&2; exit 2 ;;
esac
build=${2:-$here/../../build-firmware/$chip}

for tool in cmake ninja python3 arm-none-eabi-gcc; do
    command -v $tool >/dev/null || {
        echo "build.sh: $tool is missing; on Debian: apt-get install cmake ninja-build python3 gcc-arm-none-eabi libnewlib-arm-none-eabi" >&2
        exit 1
    }
done
if [ -z "${PICO_SDK_PATH:-}" ] && [ ! -f "$here/node_modules/.package-lock.json" ]; then
    (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund)
fi
mkdir -p "$build"
if [ ! -f "$build/build.ninja" ]; then
    cmake -S "$here" -B "$build" -G Ninja -DPICO_BOARD="$board" -DCMAKE_BUILD_TYPE=Release >"$build/configure.log" 2>&1 || {
        cat "$build/configure.log" >&2
        exit 1
    }
fi
cmake --build "$build"

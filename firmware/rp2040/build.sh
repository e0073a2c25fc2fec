#!/bin/sh
# Builds the firmware: build.sh [OUTPUT-DIR [BOARD...]], BOARD being pico (the default) or pico2.
# Makes OUTPUT-DIR/rp2040.bin and rp2040.elf (pico), pico2.bin and pico2.elf (pico2): the names that --board knows,
# under which `dogberry plan` and `dogberry export` look for them. OUTPUT-DIR is build/firmware if not given. Fetches the
# locked Pico SDK first where it is not there yet; PICO_SDK_PATH, if set, names the SDK to use instead.
# SPDX-License-Identifier: MIT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/../../build/firmware}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- pico

for tool in cmake ninja python3 arm-none-eabi-gcc; do
    command -v $tool >/dev/null || {
        echo "build.sh: $tool is missing; on Debian or Ubuntu:" >&2
        echo "  apt-get install cmake ninja-build python3 gcc-arm-none-eabi libnewlib-arm-none-eabi" \
            "libstdc++-arm-none-eabi-newlib" >&2
        exit 1
    }
done
sdk=${PICO_SDK_PATH:-}
if [ -z "$sdk" ]; then
    sdk=$here/node_modules/@xpack-3rd-party/raspberrypi-pico-sdk
    [ "$here/node_modules/.package-lock.json" -nt "$here/package-lock.json" ] ||
        (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund)
fi

# build_board BOARD NAME
build_board() {
    build=$output/$2
    if [ "$(cat "$build/sdk" 2>/dev/null)" != "$sdk" ]; then
        rm -rf "$build"
        mkdir -p "$build"
        cmake -S "$here" -B "$build" -G Ninja -DPICO_BOARD="$1" -DPICO_SDK_PATH="$sdk" -DCMAKE_BUILD_TYPE=Release \
            >"$build/configure.log" 2>&1 || {
            cat "$build/configure.log" >&2
            exit 1
        }
        echo "$sdk" >"$build/sdk"
    fi
    cmake --build "$build"
    for form in elf bin; do # aside and renamed: somebody may be reading the old one
        cp "$build/dogberry.$form" "$output/$2.$form.part"
        mv "$output/$2.$form.part" "$output/$2.$form"
    done
}

for board; do
    case $board in
    pico) build_board pico rp2040 ;;
    pico2) build_board pico2 pico2 ;;
    *)
        echo "build.sh: no board '$board'; known: pico, pico2" >&2
        exit 2
        ;;
    esac
done

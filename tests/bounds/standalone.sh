#!/usr/bin/env bash
# runtime/ by itself, as a firmware project takes it: its own CMakeLists.txt without any configuration, and every
# file by gcc and clang for 32 and 64 bits, as C99 and without a warning.
#     standalone.sh SOURCE_DIR
# SPDX-License-Identifier: MIT
set -euo pipefail
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$1/runtime" "$work/runtime"
cd "$work"
for compiler in gcc clang; do
    if ! command -v $compiler > /dev/null; then
        echo "skipped: no $compiler"
        status=77
        continue
    fi
    cmake -S runtime -B "build-$compiler" -DCMAKE_C_COMPILER=$compiler -DCMAKE_C_FLAGS=-Werror > cmake.log || { cat cmake.log; exit 1; }
    cmake --build "build-$compiler" > build.log 2>&1 || { cat build.log; exit 1; }
    test -e "build-$compiler/libdogberry_runtime.a"
    for bits in 32 64; do
        find runtime -name '*.c' -print0 | xargs -0 -I{} $compiler -m$bits -std=c99 -ffreestanding -Wall -Wextra \
            -Wpedantic -Wconversion -Wshadow -Werror -Iruntime/include -Iruntime/src -c {} -o object.o
        echo "$compiler, $bits bits: no warning"
    done
done
exit $status

#!/usr/bin/env bash
# Holds the arrows between the folders: cli -> host -> runtime, firmware -> runtime.
#   runtime/   includes only its own headers and the compiler's
#   host/      includes host headers and, of runtime/, only dogberry.h
#   firmware/  includes its own headers, the chip's SDK, and of runtime/ only dogberry.h
#   libraries  never call exit() or print to the terminal, and keep no mutable globals (by convention)
# Usage: check_arrows.sh ROOT. Prints each breach; exits 1 when there is one.
set -u
root=${1:-.}
cd "$root" || exit 2
breaches=0
breach() { echo "arrow: $*"; breaches=$((breaches + 1)); }

includes() { # FOLDER: lines "file:include"
    find "$1" -name node_modules -prune -o -name '*.[chS]' -print | sort |
        xargs -r grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' |
        sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/:/'
}

runtime_headers=$(find runtime -name '*.h' -printf '%f\n')
other_headers=$(find runtime cli firmware -name node_modules -prune -o -name '*.h' -printf '%f\n')
among() { grep -qxF -- "$2" <<< "$1"; } # LIST NAME

while IFS=: read -r file include; do
    name=${include:1:-1}
    case $name in
    stddef.h | stdint.h | stdbool.h | limits.h | dogberry.h) continue ;;
    esac
    case $file:$name in # what a compiler offers of its instruction set
    runtime/kernels/x86/*:immintrin.h | runtime/kernels/x86/*:cpuid.h) continue ;;
    runtime/kernels/xtensa_s3/target.h:sdkconfig.h) continue ;; # ESP-IDF's configuration, which names the chip
    runtime/kernels/wasm/*:wasm_simd128.h | runtime/kernels/arm_dsp/*:arm_acle.h) continue ;;
    esac
    [ "${include:0:1}" = '"' ] && among "$runtime_headers" "${name##*/}" && continue
    breach "$file includes $include; runtime/ depends on nothing"
done < <(includes runtime)

while IFS=: read -r file include; do
    name=${include:1:-1}
    [ "$name" = dogberry.h ] && continue
    case $name in
    *runtime/* | *cli/* | *firmware/* | *tests/*) breach "$file includes $include" && continue ;;
    esac
    [ -e "host/$name" ] || [ -e "$(dirname "$file")/$name" ] && continue
    if [ "${include:0:1}" = '"' ]; then
        breach "$file includes $include, which is not in host/"
    elif among "$other_headers" "${name##*/}"; then
        [ -e "/usr/include/$name" ] || breach "$file includes $include of another folder"
    fi
done < <(includes host)

while IFS=: read -r file include; do
    name=${include:1:-1}
    [ "$name" = dogberry.h ] && continue
    case $name in
    *runtime/* | *host/* | *cli/*) breach "$file includes $include" && continue ;;
    esac
    [ "${include:0:1}" = '"' ] || continue
    [ -e "$(dirname "$file")/$name" ] && continue
    [ -e "host/$name" ] || [ -e "cli/$name" ] && breach "$file includes $include; firmware/ sees only runtime/"
done < <(includes firmware)

while IFS= read -r line; do
    breach "$line: libraries return errors, only the command line prints and exits"
done < <(grep -rnE '(^|[^a-z_])(exit|printf|puts|perror) *\(' runtime host --include='*.c' | grep -v '^host/base/memory.c')

if [ "$breaches" -gt 0 ]; then
    echo "arrows: $breaches breaches"
    exit 1
fi
echo "arrows: clean"

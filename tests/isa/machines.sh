# The machines of compare.sh. For each: what it is, the tools it needs, how a program for it is built (build_X OUTPUT) and
# how one image is run (run_X PROGRAM IMAGE). Those in QEMU are the generic firmware's. Sourced; uses $root, $here,
# $talk_host.
# SPDX-License-Identifier: MIT
. "$root/firmware/generic/machines.sh"

columns=(ref avx2 vnni rp2040 m0 m4 m7 m33 rv32 xtensa wasm simd)
declare -A title=([ref]=ref [avx2]=avx2 [vnni]=vnni [rp2040]=M0+ [m0]=M0 [m4]=M4F [m7]=M7 [m33]=M33 [rv32]=RV32IMC
    [xtensa]=Xtensa [wasm]=wasm [simd]=wasm-simd)
declare -A meaning=([ref]='this machine' [avx2]='this machine' [vnni]='this machine'
    [rp2040]='Cortex-M0+ of an RP2040 (rp2040js)' [wasm]='WebAssembly (node)' [simd]='WebAssembly with SIMD (node)')
for machine in "${machines[@]}"; do meaning[$machine]=${machine_name[$machine]}; done

# One image on one machine takes seconds; an emulator that starts nothing would run for ever.
limit="timeout 300"

# ---- This machine ----
needs_ref() { :; }
build_ref() { :; }
run_ref() { "$talk_host" "$2" ref; }

needs_avx2() { :; }
build_avx2() { "$talk_host" --has avx2; }
run_avx2() { "$talk_host" "$2" avx2; }

needs_vnni() { :; }
build_vnni() { "$talk_host" --has avx512-vnni; }
run_vnni() { "$talk_host" "$2" avx512-vnni; }

# ---- Bare machines in QEMU ----
is_generic() { [ -n "${machine_name[$1]:-}" ]; }
needs_of() { if is_generic "$1"; then echo "${machine_tools[$1]}"; else "needs_$1"; fi; }
build_for() { # build_for COLUMN OUTPUT
    if is_generic "$1"; then "$generic/build.sh" "$1" "$2" "$here/bare.c" "$here/talk.c"; else "build_$1" "$2"; fi
}
run_on() { # run_on COLUMN PROGRAM IMAGE
    if is_generic "$1"; then $limit "$generic/run.sh" "$@"; else "run_$1" "$2" "$3"; fi
}

# ---- The Pico's core ----
needs_rp2040() { echo "arm-none-eabi-gcc node npm"; }
build_rp2040() {
    [ -e "$root/tools/emulate/node_modules/rp2040js" ] ||
        (cd "$root/tools/emulate" && npm ci --ignore-scripts --no-audit --no-fund) ||
        { echo "skipped: npm cannot fetch rp2040js"; return 1; }
    compile_arm "$here/rp2040/machine.c" 0x10000000 0x20000000 256K 0x10100000 8M -mcpu=cortex-m0plus
    build "$1.elf" "$here/bare.c" "$here/talk.c" && arm-none-eabi-objcopy -O binary "$1.elf" "$1"
}
run_rp2040() { $limit node "$here/rp2040/run.mjs" "$1" "$2"; }

# ---- WebAssembly ----
build_webassembly() { # build_webassembly OUTPUT FLAG...
    local output=$1
    shift
    clang --target=wasm32 "$@" -std=c99 -O2 -ffreestanding -Wall -Wextra -Werror -I"$root/runtime/include" \
        -I"$root/runtime/src" -nostdlib -Wl,--no-entry,--allow-undefined "$here/wasm/machine.c" "$here/talk.c" \
        "$generic/memory.c" "$root"/runtime/src/*.c "$root"/runtime/kernels/*/*.c -o "$output"
}
needs_wasm() { echo "clang wasm-ld node"; }
build_wasm() { build_webassembly "$1"; }
run_wasm() { $limit node "$here/wasm/run.mjs" "$1" "$2"; }

needs_simd() { needs_wasm; }
build_simd() { build_webassembly "$1" -msimd128; }
run_simd() { run_wasm "$1" "$2"; }

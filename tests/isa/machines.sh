# The machines of compare.sh. For each: what it is, the tools it needs, how a program for it is
# built (build_X OUTPUT) and how one image is run (run_X PROGRAM IMAGE). Sourced; uses $root, $here, $talk_host.
# SPDX-License-Identifier: MIT

columns=(ref avx2 vnni rp2040 m0 m4 m7 m33 rv32 xtensa wasm simd)
declare -A title=([ref]=ref [avx2]=avx2 [vnni]=vnni [rp2040]=M0+ [m0]=M0 [m4]=M4F [m7]=M7 [m33]=M33 [rv32]=RV32IMC
    [xtensa]=Xtensa [wasm]=wasm [simd]=wasm-simd)
declare -A meaning=([ref]='this machine' [avx2]='this machine'
    [vnni]='this machine' [rp2040]='Cortex-M0+ of an RP2040 (rp2040js)'
    [m0]='Cortex-M0 (QEMU: an nRF51 with 8 MB of flash)' [m4]='Cortex-M4F (QEMU mps2-an386)'
    [m7]='Cortex-M7 (QEMU mps2-an500)' [m33]='Cortex-M33 (QEMU mps2-an505)' [rv32]='RV32IMC (QEMU virt)'
    [xtensa]='Xtensa lx106 (QEMU sim)' [wasm]='WebAssembly (node)' [simd]='WebAssembly with SIMD (node)')

# One image on one machine takes seconds; an emulator that starts nothing would run for ever.
limit="timeout 300"

# What every bare machine is built from.
program_flags="-std=c99 -O2 -ffreestanding -Wall -Wextra -Werror -I$root/runtime/include -I$root/runtime/src"
runtime_sources() { ls "$root"/runtime/src/*.c "$root"/runtime/kernels/*/*.[cS]; }
common_sources() { echo "$here/talk.c $here/memory.c"; runtime_sources; }

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


# ---- Arm ----
build_arm() { # build_arm OUTPUT CODE_AT RAM_AT IMAGE_AT FLAG...
    local output=$1 code=$2 ram=$3 image=$4
    shift 4
    arm-none-eabi-gcc "$@" -mthumb $program_flags -fno-tree-loop-distribute-patterns -nostdlib -nostartfiles \
        -T "$here/arm/link.ld" -Wl,--defsym=code_at="$code",--defsym=ram_at="$ram",--defsym=image_at="$image" \
        -Wl,--no-warn-rwx-segments "$here/arm/start.c" $(common_sources) -lgcc -o "$output"
}
run_arm() { # run_arm PROGRAM IMAGE IMAGE_AT MACHINE...
    local program=$1 image=$2 at=$3
    shift 3
    $limit qemu-system-arm "$@" -display none -monitor none -serial none -chardev stdio,id=console \
        -semihosting-config enable=on,target=native,chardev=console -kernel "$program" \
        -device loader,file="$image",addr="$at",force-raw=on
}

needs_rp2040() { echo "arm-none-eabi-gcc node npm"; }
build_rp2040() {
    [ -e "$root/tools/emulate/node_modules/rp2040js" ] ||
        (cd "$root/tools/emulate" && npm ci --ignore-scripts --no-audit --no-fund) ||
        { echo "skipped: npm cannot fetch rp2040js"; return 1; }
    build_arm "$1.elf" 0x10000000 0x20000000 0x10100000 -mcpu=cortex-m0plus && arm-none-eabi-objcopy -O binary "$1.elf" "$1"
}
run_rp2040() { $limit node "$here/rp2040/run.mjs" "$1" "$2"; }

needs_m0() { echo "arm-none-eabi-gcc qemu-system-arm"; }
build_m0() { build_arm "$1" 0 0x20000000 0x100000 -mcpu=cortex-m0; }
run_m0() { run_arm "$1" "$2" 0x100000 -M microbit -global nrf51-soc.flash-size=0x800000 -global nrf51-soc.sram-size=0x10000; }

# 4 MB of memory for code, and 16 MB more at 0x21000000 (an386), 0x60000000 (an500) or 0x80000000 (an505).
needs_m4() { needs_m0; }
build_m4() { build_arm "$1" 0 0x20000000 0x21000000 -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16; }
run_m4() { run_arm "$1" "$2" 0x21000000 -M mps2-an386; }

needs_m7() { needs_m0; }
build_m7() { build_arm "$1" 0 0x20000000 0x60000000 -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16; }
run_m7() { run_arm "$1" "$2" 0x60000000 -M mps2-an500; }

needs_m33() { needs_m0; }
build_m33() { build_arm "$1" 0x10000000 0x38000000 0x80000000 -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16; }
run_m33() { run_arm "$1" "$2" 0x80000000 -M mps2-an505; }

# ---- RISC-V ----
needs_rv32() { echo "riscv64-unknown-elf-gcc qemu-system-riscv32"; }
build_rv32() {
    riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32 $program_flags -fno-tree-loop-distribute-patterns -nostdlib \
        -nostartfiles -T "$here/rv32/link.ld" -Wl,--no-warn-rwx-segments "$here/rv32/start.S" "$here/rv32/machine.c" \
        $(common_sources) -lgcc -o "$1"
}
run_rv32() {
    $limit qemu-system-riscv32 -M virt -bios none -display none -monitor none -serial stdio -kernel "$1" \
        -device loader,file="$2",addr=0x81000000,force-raw=on
}

# ---- Xtensa ----
needs_xtensa() { echo "xtensa-lx106-elf-gcc qemu-system-xtensa"; }
build_xtensa() {
    xtensa-lx106-elf-gcc -mlongcalls $program_flags -fno-builtin -fno-tree-loop-distribute-patterns -nostdlib \
        -nostartfiles -T "$here/xtensa/link.ld" -Wl,--no-warn-rwx-segments "$here/xtensa/start.S" \
        "$here/xtensa/machine.c" "$here/xtensa/arithmetic.c" $(common_sources) -lgcc -o "$1"
}
run_xtensa() {
    $limit qemu-system-xtensa -M sim -cpu lx106 -display none -monitor none -serial none -semihosting -kernel "$1" \
        -device loader,file="$2",addr=0x61000000,force-raw=on
}

# ---- WebAssembly ----
build_webassembly() { # build_webassembly OUTPUT FLAG...
    local output=$1
    shift
    clang --target=wasm32 "$@" $program_flags -nostdlib -Wl,--no-entry,--allow-undefined "$here/wasm/machine.c" $(common_sources) -o "$output"
}
needs_wasm() { echo "clang wasm-ld node"; }
build_wasm() { build_webassembly "$1"; }
run_wasm() { $limit node "$here/wasm/run.mjs" "$1" "$2"; }

needs_simd() { needs_wasm; }
build_simd() { build_webassembly "$1" -msimd128; }
run_simd() { run_wasm "$1" "$2"; }

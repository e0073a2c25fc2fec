# Builds and runs bare programs for RISC-V, Xtensa and WebAssembly; sourced. Before: $source_dir, the project's root.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154

# tools_of MACHINE: what building and running for it takes; machines are rv32, xtensa, wasm and wasm-simd.
tools_of() {
    case $1 in
    rv32) echo riscv64-unknown-elf-gcc qemu-system-riscv32 ;;
    xtensa) echo xtensa-lx106-elf-gcc qemu-system-xtensa ;;
    *) echo clang wasm-ld node ;;
    esac
}

# have MACHINE: whether its tools are here; says what is missing.
have() {
    for tool in $(tools_of "$1"); do
        command -v "$tool" >/dev/null || {
            echo "$1: skipped: no $tool"
            return 1
        }
    done
}

# build_for MACHINE OUTPUT OPTION-OR-SOURCE...: with the runtime's kernels.
build_for() {
    machine=$1
    output=$2
    shift 2
    generic=$source_dir/firmware/generic
    case $machine in
    rv32)
        set -- riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32 -fno-tree-loop-distribute-patterns -nostartfiles \
            -Wl,--no-warn-rwx-segments -T "$generic/rv32/link.ld" "$generic/rv32/start.S" "$generic/rv32/machine.c" \
            "$generic/fault.c" "$source_dir/tests/kernels/platform_isa.c" "$@"
        ;;
    xtensa)
        set -- xtensa-lx106-elf-gcc -mlongcalls -fno-tree-loop-distribute-patterns -nostartfiles \
            -Wl,--no-warn-rwx-segments -T "$generic/xtensa/link.ld" "$generic/xtensa/start.S" "$generic/xtensa/machine.c" \
            "$generic/xtensa/arithmetic.c" "$generic/fault.c" "$source_dir/tests/kernels/platform_isa.c" "$@"
        ;;
    wasm) set -- clang --target=wasm32 -Wl,--no-entry "$source_dir/tests/kernels/platform_wasm.c" "$@" ;;
    wasm-simd) set -- clang --target=wasm32 -msimd128 -Wl,--no-entry "$source_dir/tests/kernels/platform_wasm.c" "$@" ;;
    esac
    # shellcheck disable=SC2046
    "$@" -std=c99 -ffreestanding -fno-builtin -nostdlib -I"$source_dir/runtime/include" -I"$source_dir/runtime/src" \
        -I"$source_dir/tests/kernels" -I"$generic" -DMACHINE_NAME='"kernels"' "$generic/memory.c" \
        "$source_dir/runtime/src/kernels.c" \
        "$source_dir/runtime/src/tables.c" "$source_dir/runtime/src/exp2.c" \
        $(find "$source_dir/runtime/kernels" -name '*.c') $(case $machine in rv32 | xtensa) echo -lgcc ;; esac) -o "$output"
}

# run_for MACHINE PROGRAM: a tick is an instruction on RISC-V and Xtensa, a nanosecond in WebAssembly.
run_for() {
    case $1 in
    rv32)
        timeout 120 qemu-system-riscv32 -M virt -bios none -display none -monitor none -serial stdio -icount shift=0 \
            -kernel "$2" </dev/null
        ;;
    xtensa)
        timeout 120 qemu-system-xtensa -M sim -cpu lx106 -display none -monitor none -serial none -semihosting \
            -icount shift=5 -kernel "$2" </dev/null
        ;;
    *) node "$source_dir/tests/kernels/wasm.mjs" "$2" ;;
    esac
}

# Builds and runs bare programs on emulated Cortex-M cores; sourced by scripts in bash or sh.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# Before: $source_dir, the project's root, and $work, a folder for what is built.

# have_cortex_m: whether the compiler and QEMU are here; says what is missing.
have_cortex_m() {
    for tool in arm-none-eabi-gcc qemu-system-arm; do
        command -v $tool >/dev/null || {
            echo "skipped: no $tool"
            return 1
        }
    done
}

# have_rp2040: whether the emulated RP2040 is here; says what is missing.
have_rp2040() {
    command -v node >/dev/null || {
        echo "skipped on the RP2040: no node"
        return 1
    }
    [ -d "$source_dir/tools/emulate/node_modules" ] ||
        (cd "$source_dir/tools/emulate" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null 2>&1) || {
        echo "skipped on the RP2040: the emulator could not be fetched"
        return 1
    }
}

# Where a core's machine has its memory.
memory_of() {
    case $1 in
    rp2040) echo "-Wl,--defsym=ROM=0x20000000 -Wl,--defsym=RAM=0x20008000 -Wl,--defsym=RAM_BYTES=0x3a000" ;;
    cortex-m0) echo "-Wl,--defsym=ROM=0 -Wl,--defsym=RAM=0x20000000 -Wl,--defsym=RAM_BYTES=0x4000" ;;
    cortex-m33) echo "-Wl,--defsym=ROM=0x10000000 -Wl,--defsym=RAM=0x38000000 -Wl,--defsym=RAM_BYTES=0x200000" ;;
    *) echo "-Wl,--defsym=ROM=0 -Wl,--defsym=RAM=0x20000000 -Wl,--defsym=RAM_BYTES=0x200000" ;;
    esac
}

machine_of() {
    case $1 in
    cortex-m0) echo microbit ;;
    cortex-m3) echo mps2-an385 ;;
    cortex-m4) echo mps2-an386 ;;
    cortex-m7) echo mps2-an500 ;;
    cortex-m33) echo mps2-an505 ;;
    esac
}

# build CORE OUTPUT.elf OPTION-OR-SOURCE...: with the runtime's kernels; CORE is rp2040 or one of machine_of.
build() {
    core=$1
    output=$2
    shift 2
    [ "$core" = rp2040 ] && cpu=cortex-m0plus || cpu=$core
    # shellcheck disable=SC2046
    "${CROSS_CC:-arm-none-eabi-gcc}" -std=c99 -mcpu="$cpu" -mthumb -mfloat-abi=soft -ffreestanding -ffunction-sections \
        -Wl,--gc-sections -Wl,--no-warn-rwx-segments -nostartfiles -I"$source_dir/runtime/include" \
        -I"$source_dir/runtime/src" -I"$source_dir/tests/kernels" -T "$source_dir/tests/kernels/cortex_m.ld" \
        $(memory_of "$core") "$source_dir/tests/kernels/platform_cortex_m.c" "$@" "$source_dir/runtime/src/kernels.c" \
        "$source_dir/runtime/src/tables.c" "$source_dir/runtime/src/exp2.c" \
        $(find "$source_dir/runtime/kernels" -name '*.[cS]') -o "$output"
}

# run_on CORE PROGRAM.elf [QEMU-OPTION...]
run_on() {
    core=$1
    program=$2
    shift 2
    if [ "$core" = rp2040 ]; then
        arm-none-eabi-objcopy -O binary "$program" "${program%.elf}.bin"
        node "$source_dir/tests/kernels/cortex_m.mjs" "${program%.elf}.bin"
    else
        timeout 120 qemu-system-arm -machine "$(machine_of "$core")" -display none -monitor none -serial none \
            -chardev stdio,id=out -semihosting-config enable=on,target=native,chardev=out "$@" -kernel "$program" </dev/null
    fi
}

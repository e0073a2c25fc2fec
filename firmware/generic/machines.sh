# The machines that the generic firmware runs on; sourced. For each: what it is, the tools it needs, how a program for it
# is compiled and how QEMU runs it. Another QEMU machine is an entry here and a folder or file beside this one.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034

generic=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
machines=(m0 m3 m4 m7 m33 rv32 xtensa)
declare -A machine_name=([m0]='Cortex-M0 (QEMU microbit)' [m3]='Cortex-M3 (QEMU mps2-an385)'
    [m4]='Cortex-M4F (QEMU mps2-an386)' [m7]='Cortex-M7 (QEMU mps2-an500)' [m33]='Cortex-M33 (QEMU mps2-an505)'
    [rv32]='RV32IMC (QEMU virt)' [xtensa]='Xtensa lx106 (QEMU sim)')
declare -A machine_tools=([rv32]='riscv64-unknown-elf-gcc qemu-system-riscv32'
    [xtensa]='xtensa-lx106-elf-gcc qemu-system-xtensa')
for machine in m0 m3 m4 m7 m33; do machine_tools[$machine]='arm-none-eabi-gcc qemu-system-arm'; done

# Where the store is loaded: behind the program in the M0's flash (QEMU is asked for 8 MB of it), else in memory of its
# own: 16 MB at 0x21000000 (AN385, AN386), 0x60000000 (AN500), 0x80000000 (AN505). As in the link scripts of rv32 and xtensa.
declare -A store_at=([m0]=0x100000 [m3]=0x21000000 [m4]=0x21000000 [m7]=0x60000000 [m33]=0x80000000 [rv32]=0x81000000
    [xtensa]=0x61000000)
declare -A store_mib=([m0]=7 [m3]=8 [m4]=8 [m7]=8 [m33]=8 [rv32]=8 [xtensa]=8)

# Sets `compile` for a Cortex-M.
compile_arm() { # compile_arm SOURCE CODE_AT RAM_AT RAM_BYTES STORE_AT STORE_BYTES FLAG...
    local source=$1 code=$2 ram=$3 ram_bytes=$4 store=$5 store_bytes=$6
    shift 6
    compile=(arm-none-eabi-gcc -mthumb "$@" -T "$generic/arm/link.ld" "-Wl,--defsym=code_at=$code,--defsym=ram_at=$ram"
        "-Wl,--defsym=ram_bytes=$ram_bytes,--defsym=store_at=$store,--defsym=store_bytes=$store_bytes"
        "$generic/arm/start.c" "$source")
}

# Sets `compile`: compiler, flags, linker script and the machine's own sources.
compile_for() { # compile_for MACHINE
    local mps2=$generic/arm/mps2.c store=${store_at[$1]} mib=${store_mib[$1]}M
    case $1 in
    m0) compile_arm "$generic/arm/nrf51.c" 0 0x20000000 128K "$store" "$mib" -mcpu=cortex-m0 ;;
    m3) compile_arm "$mps2" 0 0x20000000 512K "$store" "$mib" -mcpu=cortex-m3 ;;
    m4) compile_arm "$mps2" 0 0x20000000 512K "$store" "$mib" -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 ;;
    m7) compile_arm "$mps2" 0 0x20000000 512K "$store" "$mib" -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16 ;;
    m33) compile_arm "$mps2" 0x10000000 0x38000000 512K "$store" "$mib" -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16 ;;
    rv32) compile=(riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32 -T "$generic/rv32/link.ld"
        "$generic/rv32/start.S" "$generic/rv32/machine.c") ;;
    xtensa) compile=(xtensa-lx106-elf-gcc -mlongcalls -T "$generic/xtensa/link.ld" "$generic/xtensa/start.S"
        "$generic/xtensa/machine.c" "$generic/xtensa/arithmetic.c") ;;
    esac
}

# Builds a program of the runtime and of sources that define main(), with `compile` and the options given.
build() { # build OUTPUT OPTION-OR-SOURCE...
    local output=$1 runtime=$generic/../../runtime
    shift
    # The compiler must not make a call of memcpy() of the loop that is memcpy().
    "${compile[@]}" -std=c99 -O2 -ffreestanding -fno-builtin -fno-tree-loop-distribute-patterns -nostdlib -nostartfiles \
        -Wl,--no-warn-rwx-segments -Wall -Wextra -Werror -I"$generic" -I"$runtime/include" -I"$runtime/src" "$@" \
        "$generic/memory.c" "$generic/fault.c" "$runtime"/src/*.c "$runtime"/kernels/*/*.[cS] -lgcc -o "$output"
}

# Sets `emulate`: QEMU's command line but for program and store. The serial line is standard input and output; the Xtensa
# reads them by the simulator's calls (through QEMU's console these lose a byte now and then).
emulate_for() { # emulate_for MACHINE
    # Ctrl-C goes to the machine.
    local line=(-chardev stdio,id=line,mux=on,signal=off -serial chardev:line)
    local uart=("${line[@]}" -semihosting-config enable=on,target=native)
    case $1 in
    m0) emulate=(qemu-system-arm -M microbit -global nrf51-soc.flash-size=0x800000 -global nrf51-soc.sram-size=0x20000
        "${uart[@]}") ;;
    m3) emulate=(qemu-system-arm -M mps2-an385 "${uart[@]}") ;;
    m4) emulate=(qemu-system-arm -M mps2-an386 "${uart[@]}") ;;
    m7) emulate=(qemu-system-arm -M mps2-an500 "${uart[@]}") ;;
    m33) emulate=(qemu-system-arm -M mps2-an505 "${uart[@]}") ;;
    rv32) emulate=(qemu-system-riscv32 -M virt -bios none "${line[@]}") ;;
    xtensa) emulate=(qemu-system-xtensa -M sim -cpu lx106 -serial none -semihosting) ;;
    esac
}

# Names the first tool that is missing; says nothing where all are here.
missing_tool_for() { # missing_tool_for MACHINE
    local tool
    for tool in ${machine_tools[$1]}; do
        command -v "$tool" > /dev/null || { echo "$tool"; return; }
    done
}

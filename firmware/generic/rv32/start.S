/* Start-up of QEMU's "virt" RV32 machine. SPDX-License-Identifier: MIT */
    .option arch, +zicsr        /* here only: -march=rv32imc picks the right libgcc */
    .section .text.start, "ax"
    .global start
start:
    la      sp, __StackTop
    la      t0, trap
    csrw    mtvec, t0
    la      t0, bss_begin
    la      t1, bss_end
1:  bgeu    t0, t1, 2f
    sw      zero, 0(t0)
    addi    t0, t0, 4
    j       1b
2:  li      t0, 1 << 11         /* an external interrupt wakes wfi; mstatus keeps it from being served */
    csrw    mie, t0
    call    machine_start
    call    main
    call    machine_exit
    .balign 4
trap:
    la      sp, __StackTop
    call    machine_fault

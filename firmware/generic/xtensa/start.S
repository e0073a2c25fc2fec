/*
 * Start-up of QEMU's "sim" machine with an lx106, call0 convention; exceptions; the simulator's calls.
 * QEMU does not start at the program's entry but at the core's reset vector, so .reset lies there.
 *
 * SPDX-License-Identifier: MIT
 */
    .section .reset, "ax"
    .align  4
    j       1f
    .align  4
0:  .word   start
1:  l32r    a0, 0b
    jx      a0

/* Every exception ends the run. Offsets are the lx106's. */
    .section .vectors, "ax"
    .align  1024
vectors:
    .org    0x10
    j       dead
    .org    0x20
    j       dead
    .org    0x30
    j       dead
    .org    0x50
    j       dead
    .org    0x70
    j       dead
dead:
    j       fault

    .section .text.start, "ax"
    .literal_position
    .global start
    .align  4
start:
    movi    a2, 0x20                /* user mode, no exception, interrupts by level 0 */
    wsr     a2, ps
    rsync
    movi    a2, vectors
    wsr     a2, vecbase
    rsync
    movi    sp, __StackTop
    movi    a2, bss_begin
    movi    a3, bss_end
    movi    a4, 0
1:  bgeu    a2, a3, 2f
    s32i    a4, a2, 0
    addi    a2, a2, 4
    j       1b
2:  movi    a0, machine_start
    callx0  a0
    movi    a0, main
    callx0  a0
    movi    a0, machine_exit        /* with what main() returned, in a2 */
    callx0  a0

fault:
    movi    sp, __StackTop
    movi    a0, machine_fault       /* it stops the machine and needs nothing back */
    callx0  a0

/* int simulator_call(int number, intptr_t a, intptr_t b, intptr_t c) */
    .section .text.call, "ax"
    .global simulator_call
    .type   simulator_call, @function
    .align  4
simulator_call:
    simcall
    ret

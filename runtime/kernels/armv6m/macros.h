/*
 * What the assembly of this folder has in common.
 *
 * SPDX-License-Identifier: MIT
 */
/* Assembly, which is no C: */
/* clang-format off */

/* Saves all registers that are the caller's, 36 bytes of them, and returns from that. r4 to r7 are lost by `enter`. */
        .macro  enter
        push    {r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r4-r7}
        .endm

        .macro  leave
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}
        .endm

/* \weight = 2^-halvings in Q24, as dogberry_exp2() of tables.h has it; \halvings, in Q26, \zero and \next are scratch.
 * \table and \half (2048) are high registers. Halves are rounded up by adding the last bit that a shift has dropped,
 * which is the carry. \zero is 0 then. */
        .macro  exp2 weight, halvings, zero, next, table, half
        lsls    \zero, \halvings, #6
        lsrs    \zero, \zero, #26
        lsls    \zero, \zero, #2
        add     \zero, \table
        ldmia   \zero!, {\weight, \next}
        subs    \next, \weight, \next
        lsls    \zero, \halvings, #12
        lsrs    \zero, \zero, #20
        muls    \next, \zero, \next
        add     \next, \half
        lsrs    \next, \next, #12
        subs    \weight, \weight, \next
        lsrs    \halvings, \halvings, #26
        movs    \zero, #0
        adds    \halvings, \halvings, \zero /* no carry, which a shift by 0 leaves as it is */
        lsrs    \weight, \halvings
        adcs    \weight, \zero
        .endm

/* r4 = the word at byte \at of the row r0 times x, a narrow step of matvec_i8.S: r5 = X, r6 = Y - 2^8 X, r7 = the XOR mask,
 * r3 = M. r2 is lost. */
        .macro  narrow_word at
        ldr     r4, [r0, #\at]
        eors    r4, r4, r7
        lsrs    r2, r4, #8
        ands    r2, r2, r3
        muls    r4, r5, r4
        muls    r2, r6, r2
        adds    r4, r4, r2
        lsrs    r4, r4, #16
        .endm

/* A word of x in r4 becomes |x|, 0..128 in each byte, so that none carries; r2 = 0xFF where it was negative. r6 =
 * 0x01010101. r5 is lost. */
        .macro  sizes
        lsrs    r5, r4, #7
        ands    r5, r5, r6              /* 1 for each negative byte */
        lsls    r2, r5, #8
        subs    r2, r2, r5
        eors    r4, r4, r2
        adds    r4, r4, r5
        .endm

/* Four components of a mix: r0 = the weights, which r10 has, r4 = their values, which r11 has, and the sums r5 to r7 and
 * r8 = 0. */
        .macro  begin_four_sums
        mov     r0, r10
        mov     r4, r11
        movs    r5, #0
        movs    r6, #0
        movs    r7, #0
        mov     r8, r5
        .endm

/* Where a mix goes on: puts the sums r5 to r7 and r8 at r9, which goes on behind them, as r11 does by four components. r0
 * and r1 are lost. */
        .macro  put_four_sums
        mov     r1, r9
        mov     r0, r8
        stmia   r1!, {r5-r7}
        stmia   r1!, {r0}
        mov     r9, r1
        movs    r0, #4
        add     r11, r0
        .endm

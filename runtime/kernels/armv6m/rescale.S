/*
 * Sums of products in the units of their destinations on Armv6-M: what dogberry_rescale() of rescale.h does, row by row.
 *
 * A shift to the right leaves the last bit that it drops in the carry, which is what rounding adds. Most sums have 16
 * bits, and m has 15: their product is one multiplication.
 *
 * With longer ones acc = 2^16 P' + Q', P = P' m and Q = Q' m: acc * m = 2^16 P + Q. Rounding adds the carry for s > 16
 * to (P + (Q >> 16)) >> (s - 16), for s <= 16 to (P << (16 - s)) + (Q >> s).
 *
 * In cycles of a Cortex-M0+ with the fast multiplier: 19 a row; for longer sums 29, where s <= 16 32. Without bias one
 * less.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_rescale_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

/* All rows. r0 counts up to 0 by 2, r1 = sums and out, r2 = scales, r3 = the end of bias. \bias is 0 or 1. */
        .macro  rows bias
.Lrow_\bias:
        ldmia   r2!, {r5}
        ldr     r4, [r1]
        sxth    r7, r4
        lsrs    r6, r5, #16             /* s */
        uxth    r5, r5                  /* m */
        cmp     r7, r4
        bne     .Llong_\bias
        muls    r4, r5, r4
        asrs    r4, r6
.Lround_\bias:
        .if     \bias
        ldrsh   r7, [r3, r0]
        .else
        movs    r7, #0
        .endif
        adcs    r4, r7
        stmia   r1!, {r4}
        adds    r0, #2
        bne     .Lrow_\bias
        pop     {r4-r7, pc}
.Llong_\bias:
        uxth    r7, r4
        asrs    r4, r4, #16
        muls    r7, r5, r7              /* Q */
        muls    r4, r5, r4              /* P */
        subs    r6, #16
        ble     1f
        lsrs    r7, r7, #16
        adds    r4, r4, r7
        asrs    r4, r6
        b       .Lround_\bias
1:
        rsbs    r5, r6, #0
        lsls    r4, r5
        adds    r6, #16
        lsrs    r7, r6
        adcs    r4, r7
        b       .Lround_\bias           /* with no carry: the sum is too long to have lost its sign */
        .endm

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_rescale_armv6m
        .type   dogberry_rescale_armv6m, %function
        .thumb_func
/* r0 = out, r1 = sums, r2 = scales, r3 = bias; on the stack: count. */
dogberry_rescale_armv6m:
        push    {r4-r7, lr}
        ldr     r4, [sp, #20]
        cmp     r4, #0
        beq     3f
        mov     r7, r0
        cmp     r0, r1
        beq     2f
        mov     r5, r4
1:                                      /* sums that are elsewhere come first */
        ldmia   r1!, {r6}
        stmia   r0!, {r6}
        subs    r5, #1
        bne     1b
2:
        mov     r1, r7
        lsls    r4, r4, #1
        rsbs    r0, r4, #0
        cmp     r3, #0
        beq     .Lrow_0
        adds    r3, r3, r4
        rows    1
3:
        pop     {r4-r7, pc}
        rows    0
        .size   dogberry_rescale_armv6m, . - dogberry_rescale_armv6m
#endif

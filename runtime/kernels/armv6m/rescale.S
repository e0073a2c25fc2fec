/*
 * Sums of products in the units of their destinations on Armv6-M: what dogberry_rescale() of rescale.h does, row by row.
 *
 * With acc = 2^16 P' + Q', P = P' m and Q = Q' m, acc * m = 2^16 P + Q. A shift to the right leaves the last bit that it
 * drops in the carry, which is what rounding adds: for s > 16 to (P + (Q >> 16)) >> (s - 16), for s <= 16 to
 * (P << (16 - s)) + (Q >> s). In cycles of a Cortex-M0+ with the fast multiplier: 26 a row, 31 where s <= 16.
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

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_rescale_armv6m
        .type   dogberry_rescale_armv6m, %function
        .thumb_func
/* r0 = out, r1 = sums, r2 = scales, r3 = bias; on the stack: count. Then r8 = from behind a sum to its out, r9 = bytes
 * from bias to bias, r0 = the sums' end. */
dogberry_rescale_armv6m:
        push    {r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        push    {r4, r5}
        ldr     r4, [sp, #28]
        lsls    r4, r4, #2
        beq     .Lall
        adds    r4, r4, r1
        subs    r0, r0, r1
        subs    r0, #4
        mov     r8, r0
        mov     r0, r4
        movs    r4, #2
        cmp     r3, #0
        bne     1f
        adr     r3, .Lzero
        movs    r4, #0
1:
        mov     r9, r4
.Lrow:
        ldmia   r2!, {r5}
        ldmia   r1!, {r4}
        lsrs    r6, r5, #16
        uxth    r5, r5                  /* m */
        uxth    r7, r4
        asrs    r4, r4, #16
        muls    r7, r5, r7              /* Q */
        muls    r4, r5, r4              /* P */
        movs    r5, #0
        subs    r6, #16
        ble     .Lsmall
        lsrs    r7, r7, #16
        adds    r4, r4, r7
        asrs    r4, r6
        ldrsh   r7, [r3, r5]
        adcs    r4, r7
.Lput:
        add     r3, r9
        mov     r7, r8
        str     r4, [r1, r7]
        cmp     r1, r0
        bne     .Lrow
.Lall:
        pop     {r4, r5}
        mov     r8, r4
        mov     r9, r5
        pop     {r4-r7, pc}
.Lsmall:
        rsbs    r6, r6, #0
        lsls    r4, r6
        rsbs    r6, r6, #0
        adds    r6, #16
        lsrs    r7, r6
        adcs    r4, r7
        ldrsh   r7, [r3, r5]
        adds    r4, r4, r7
        b       .Lput
        .balign 4
.Lzero:
        .word   0
        .size   dogberry_rescale_armv6m, . - dogberry_rescale_armv6m
#endif

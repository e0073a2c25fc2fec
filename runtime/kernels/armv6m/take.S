/*
 * Weights of logits on Armv6-M: most logits are too low to have one, and are passed by four at a time. In cycles of a Cortex-M0+ with the fast multiplier: 5 a logit, and some 40 more for one that weighs.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_take_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#include "macros.h"

/* The frame, from sp on; 36 bytes of saved registers and then the argument left follow it. */
        .equ    LOGITS, 0
        .equ    END, 4                  /* of the logits */
        .equ    HIGH, 8                 /* the upper half of what is left */
        .equ    FRAME, 12
        .equ    LEFT, FRAME + 36

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_take_armv6m
        .type   dogberry_take_armv6m, %function
        .thumb_func
/* r0 = logits, r1 = at, r2 = end, r3 = how; on the stack: left. Then r0 = the logit at hand, r3 = least, r8 = highest,
 * r9 = slope, r10 = the table, r11 = 2048, r12 = where fewer than four are left, lr = the lower half of what is left. */
dogberry_take_armv6m:
        enter
        sub     sp, #FRAME
        str     r0, [sp, #LOGITS]
        lsls    r2, r2, #1
        adds    r2, r2, r0
        str     r2, [sp, #END]
        subs    r2, #6
        mov     r12, r2
        lsls    r1, r1, #1
        adds    r0, r0, r1
        ldmia   r3!, {r4-r6}
        mov     r8, r5
        mov     r9, r6
        ldr     r5, =dogberry_exp2_table
        mov     r10, r5
        movs    r5, #128
        lsls    r5, r5, #4
        mov     r11, r5
        ldr     r5, [sp, #LEFT]
        ldr     r6, [r5, #0]
        mov     lr, r6
        ldr     r6, [r5, #4]
        str     r6, [sp, #HIGH]
        mov     r3, r4

.Lgo_on:
        movs    r4, #0
        movs    r5, #2
        movs    r6, #4
        movs    r7, #6
        b       2f
1:
        ldrsh   r2, [r0, r4]
        cmp     r2, r3
        bge     .Lfirst
        ldrsh   r2, [r0, r5]
        cmp     r2, r3
        bge     .Lsecond
        ldrsh   r2, [r0, r6]
        cmp     r2, r3
        bge     .Lthird
        ldrsh   r2, [r0, r7]
        cmp     r2, r3
        bge     .Lfourth
        adds    r0, #8
2:
        cmp     r0, r12
        blo     1b
        ldr     r1, [sp, #END]
3:                                      /* the last three at most */
        cmp     r0, r1
        bhs     .Ldone
        ldrsh   r2, [r0, r4]
        cmp     r2, r3
        bge     .Lfirst
        adds    r0, #2
        b       3b

.Lfourth:
        adds    r0, #2
.Lthird:
        adds    r0, #2
.Lsecond:
        adds    r0, #2
.Lfirst:                                /* r0 = the logit r2, which weighs */
        mov     r4, r8
        subs    r4, r4, r2
        mov     r5, r9
        muls    r4, r5, r4              /* halvings in Q26 */
        exp2    r6, r4, r5, r7, r10, r11
        mov     r4, lr
        subs    r4, r4, r6
        bhs     4f
        ldr     r5, [sp, #HIGH]
        subs    r5, #1
        blo     .Ldone                  /* it is more than is left */
        str     r5, [sp, #HIGH]
4:
        mov     lr, r4
        adds    r0, #2
        b       .Lgo_on

.Ldone:
        ldr     r5, [sp, #LEFT]
        mov     r6, lr
        str     r6, [r5, #0]
        ldr     r6, [sp, #HIGH]
        str     r6, [r5, #4]
        ldr     r1, [sp, #LOGITS]
        subs    r0, r0, r1
        lsrs    r0, r0, #1
        add     sp, #FRAME
        leave
        .ltorg
        .size   dogberry_take_armv6m, . - dogberry_take_armv6m
#endif

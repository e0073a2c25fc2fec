/*
 * Attention of one head over all tokens on Armv6-M.
 *
 * Scores and mixes go over four components at a time, whose queries or sums stay in registers while all tokens pass by;
 * a word has four values of 8 bits or two of 16, which are shifted out of it with their signs. Widths that are no multiple
 * of four are left to ref. In cycles of a Cortex-M0+ with the fast multiplier, for each token and four components: scores
 * 25 (8 bits) and 24 (16), 3 more behind the first four; mix 22. A weight takes 33.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_attention_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#include "macros.h"

/* The frame of both products, from sp on; 36 bytes of saved registers and then two arguments follow it. */
        .equ    SCORES, 0
        .equ    QUERY, 4
        .equ    KEYS, 8
        .equ    LEFT, 12                /* components that are not done yet */
        .equ    FRAME, 16
        .equ    COUNT, FRAME + 36
        .equ    WIDTH, FRAME + 40

/* r3 = the product of four keys at r12, 8 bits, and of the query r4..r7; r12 goes on by r8 bytes. r1, r2 are scratch. */
        .macro  dot_i8
        mov     r1, r12
        ldr     r1, [r1]
        add     r12, r8
        sxtb    r3, r1
        muls    r3, r4, r3
        lsls    r2, r1, #16
        asrs    r2, r2, #24
        muls    r2, r5, r2
        adds    r3, r3, r2
        lsls    r2, r1, #8
        asrs    r2, r2, #24
        muls    r2, r6, r2
        adds    r3, r3, r2
        asrs    r1, r1, #24
        muls    r1, r7, r1
        adds    r3, r3, r1
        .endm

/* The same of 16 bits. */
        .macro  dot_i16
        mov     r1, r12
        ldmia   r1, {r1, r2}
        add     r12, r8
        sxth    r3, r1
        muls    r3, r4, r3
        asrs    r1, r1, #16
        muls    r1, r5, r1
        adds    r3, r3, r1
        sxth    r1, r2
        muls    r1, r6, r1
        adds    r3, r3, r1
        asrs    r2, r2, #16
        muls    r2, r7, r2
        adds    r3, r3, r2
        .endm

/* Puts the score r3 at r0 and keeps the highest in r10. r9 = the scores' end. */
        .macro  put_score loop
        stmia   r0!, {r3}
        cmp     r10, r3
        bge     1f
        mov     r10, r3
1:
        cmp     r0, r9
        bne     \loop
        .endm

/* A function of scores; \dot is how, \shift: a component has 2^\shift bytes. Arguments as in dogberry_kernels. */
        .macro  scores name, dot, shift
        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global \name
        .type   \name, %function
        .thumb_func
\name:
        enter
        sub     sp, #FRAME
        str     r0, [sp, #SCORES]
        str     r2, [sp, #KEYS]
        ldr     r4, [sp, #WIDTH]
        str     r4, [sp, #LEFT]
        .if     \shift
        lsls    r3, r3, #\shift
        .endif
        mov     r8, r3
        ldr     r4, [sp, #COUNT]
        lsls    r4, r4, #2
        adds    r4, r4, r0
        mov     r9, r4
        mov     r12, r2
        ldmia   r1!, {r4-r7}
        str     r1, [sp, #QUERY]
        movs    r1, #1
        lsls    r1, r1, #31
        mov     r10, r1                 /* the lowest number */
.Lfirst\@:
        \dot
        put_score .Lfirst\@
.Lmore\@:
        ldr     r1, [sp, #LEFT]
        subs    r1, #4
        beq     .Ldone\@
        str     r1, [sp, #LEFT]
        ldr     r0, [sp, #KEYS]
        adds    r0, #4 << \shift
        str     r0, [sp, #KEYS]
        mov     r12, r0
        ldr     r1, [sp, #QUERY]
        ldmia   r1!, {r4-r7}
        str     r1, [sp, #QUERY]
        ldr     r0, [sp, #SCORES]
        movs    r1, #1
        lsls    r1, r1, #31
        mov     r10, r1
.Ladd\@:
        \dot
        ldr     r1, [r0]
        adds    r3, r3, r1
        put_score .Ladd\@
        b       .Lmore\@
.Ldone\@:
        mov     r0, r10
        add     sp, #FRAME
        leave
        .size   \name, . - \name
        .endm

        scores  dogberry_scores_i8_armv6m, dot_i8, 0
        scores  dogberry_scores_i16_armv6m, dot_i16, 1

        .balign 4
        .global dogberry_weigh_armv6m
        .type   dogberry_weigh_armv6m, %function
        .thumb_func
/* r0 = scores, r1 = count, r2 = most, r3 = frac; on the stack: bits. */
dogberry_weigh_armv6m:
        enter
        lsls    r1, r1, #2
        adds    r1, r1, r0
        mov     lr, r1                  /* the scores' end */
        mov     r1, r2
        movs    r4, #25
        lsls    r4, r3
        mov     r8, r4                  /* weights are 0 from here on */
        movs    r7, #26
        subs    r7, r7, r3
        ldr     r6, [sp, #36]
        movs    r4, #24
        subs    r6, r4, r6              /* bits of Q24 to drop, 1 at least */
        ldr     r4, =dogberry_exp2_table
        mov     r9, r4
        movs    r4, #128
        lsls    r4, r4, #4
        mov     r10, r4                 /* 2048 */
        movs    r4, #0
        mov     r12, r4                 /* the sum */
.Lweight:
        ldr     r2, [r0]
        subs    r2, r1, r2
        movs    r4, #0
        cmp     r2, r8
        bhs     1f
        lsls    r2, r7                  /* halvings in Q26 */
        exp2    r4, r2, r3, r5, r9, r10
        lsrs    r4, r6
        adcs    r4, r3
        add     r12, r4
1:
        stmia   r0!, {r4}
        cmp     r0, lr
        bne     .Lweight
        mov     r0, r12
        leave
        .ltorg
        .size   dogberry_weigh_armv6m, . - dogberry_weigh_armv6m

        .balign 4
        .global dogberry_mix_i8_armv6m
        .type   dogberry_mix_i8_armv6m, %function
        .thumb_func
/* r0 = sums, r1 = weights, r2 = values, r3 = stride; on the stack: count, width. */
dogberry_mix_i8_armv6m:
        enter
        sub     sp, #FRAME
        mov     r9, r0
        mov     r10, r1
        mov     r11, r2
        mov     r12, r3
        ldr     r4, [sp, #WIDTH]
        str     r4, [sp, #LEFT]
        ldr     r4, [sp, #COUNT]
        lsls    r4, r4, #2
        adds    r4, r4, r1
        mov     lr, r4                  /* the weights' end */
.Lfour_columns:
        begin_four_sums
.Lmix:
        ldmia   r0!, {r1}
        ldr     r2, [r4]
        add     r4, r12
        sxtb    r3, r2
        muls    r3, r1, r3
        adds    r5, r5, r3
        lsls    r3, r2, #16
        asrs    r3, r3, #24
        muls    r3, r1, r3
        adds    r6, r6, r3
        lsls    r3, r2, #8
        asrs    r3, r3, #24
        muls    r3, r1, r3
        adds    r7, r7, r3
        asrs    r2, r2, #24
        muls    r2, r1, r2
        add     r8, r2
        cmp     r0, lr
        bne     .Lmix
        put_four_sums
        ldr     r0, [sp, #LEFT]
        subs    r0, #4
        str     r0, [sp, #LEFT]
        bne     .Lfour_columns
        add     sp, #FRAME
        leave
        .size   dogberry_mix_i8_armv6m, . - dogberry_mix_i8_armv6m
#endif

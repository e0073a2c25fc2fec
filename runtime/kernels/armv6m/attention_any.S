/*
 * Attention of one head over all tokens on Armv6-M where its width is no multiple of four, and more than four: tokens
 * may begin at any address then. Keys have 16 bits, as those of all but large models do.
 *
 * The first one to three components are done first, as many as are too many, and then four at a time, of which scores
 * are added to those before. In cycles of a Cortex-M0+ with the fast multiplier, counted from the code: scores 10 a
 * token and 5 a component for the first few, 32 a token for each four; mix 8, 5 and 26.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__ARM_ARCH_6M__)
#ifndef DOGBERRY_KERNEL_SECTION
#define DOGBERRY_KERNEL_SECTION .text.dogberry_attention_any_armv6m
#endif
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#include "macros.h"

/* The frame, from sp on; 36 bytes of saved registers and then two arguments follow it. */
        .equ    FOURS, 0                /* how many times four are left */
        .equ    FEW, 4                  /* mix: bytes of the first few sums */
        .equ    SCORES, 4
        .equ    QUERY, 8                /* of the next four */
        .equ    KEYS, 12
        .equ    FRAME, 16
        .equ    COUNT, FRAME + 36
        .equ    WIDTH, FRAME + 40
        .equ    STEP, 3                 /* log2 of the bytes of code for one component */

/* r4 = how many are the first few; FOURS. r5 is lost. */
        .macro  split_width
        ldr     r4, [sp, #WIDTH]
        lsrs    r5, r4, #2
        str     r5, [sp, #FOURS]
        movs    r5, #3
        ands    r4, r4, r5
        .endm

/* \place = where the code for r4 components begins, of which that for the last one is at \one. r4 and r5 are lost. */
        .macro  find_few one, place
        subs    r4, #1
        lsls    r4, r4, #STEP
        adr     r5, \one
        subs    r5, r5, r4
        mov     \place, r5
        .endm

/* r3 += component \number of the token at r1 times \query. r2 is scratch. */
        .macro  score number, query
        movs    r2, #2 * \number
        ldrsh   r2, [r1, r2]
        muls    r2, \query, r2
        adds    r3, r3, r2
        .endm

        .section DOGBERRY_KERNEL_SECTION, "ax", %progbits
        .balign 4
        .global dogberry_scores_i16_any_armv6m
        .type   dogberry_scores_i16_any_armv6m, %function
        .thumb_func
/* r0 = scores, r1 = query, r2 = keys, r3 = stride; on the stack: count, width. Returns the highest. */
dogberry_scores_i16_any_armv6m:
        enter
        sub     sp, #FRAME
        str     r0, [sp, #SCORES]
        mov     r12, r2
        lsls    r3, r3, #1
        mov     r8, r3
        ldr     r4, [sp, #COUNT]
        lsls    r4, r4, #2
        adds    r4, r4, r0
        mov     r9, r4                  /* the scores' end */
        split_width
        lsls    r5, r4, #2
        adds    r5, r5, r1
        str     r5, [sp, #QUERY]
        lsls    r5, r4, #1
        adds    r5, r5, r2
        str     r5, [sp, #KEYS]
        find_few .Lscore_one, r11
        ldmia   r1!, {r4-r6}
        .balign 4
.Lscore_few:
        mov     r1, r12
        add     r12, r8
        movs    r3, #0
        mov     pc, r11
        score   2, r6
        score   1, r5
.Lscore_one:
        score   0, r4
        stmia   r0!, {r3}
        cmp     r0, r9
        bne     .Lscore_few
.Lscore_fours:
        ldr     r1, [sp, #QUERY]
        ldmia   r1!, {r4-r7}
        str     r1, [sp, #QUERY]
        ldr     r2, [sp, #KEYS]
        mov     r12, r2
        adds    r2, #8
        str     r2, [sp, #KEYS]
        ldr     r0, [sp, #SCORES]
        movs    r1, #1
        lsls    r1, r1, #31
        mov     r10, r1                 /* the highest score: the lowest number */
1:
        mov     r1, r12
        add     r12, r8
        ldr     r3, [r0]
        score   3, r7
        score   2, r6
        score   1, r5
        score   0, r4
        stmia   r0!, {r3}
        cmp     r10, r3
        bge     2f
        mov     r10, r3
2:
        cmp     r0, r9
        bne     1b
        ldr     r1, [sp, #FOURS]
        subs    r1, #1
        str     r1, [sp, #FOURS]
        bne     .Lscore_fours
        mov     r0, r10
        add     sp, #FRAME
        leave
        .size   dogberry_scores_i16_any_armv6m, . - dogberry_scores_i16_any_armv6m

/* \sum += component \number of the token at r4 times its weight r1. r3 is scratch. */
        .macro  mix number, sum
        movs    r3, #\number
        ldrsb   r3, [r4, r3]
        muls    r3, r1, r3
        add     \sum, r3
        .endm

        .balign 4
        .global dogberry_mix_i8_any_armv6m
        .type   dogberry_mix_i8_any_armv6m, %function
        .thumb_func
/* r0 = sums, r1 = weights, r2 = values, r3 = stride; on the stack: count, width. */
dogberry_mix_i8_any_armv6m:
        enter
        sub     sp, #FRAME
        mov     r9, r0
        mov     r10, r1
        mov     r11, r2
        mov     r12, r3
        ldr     r4, [sp, #COUNT]
        lsls    r4, r4, #2
        adds    r4, r4, r1
        mov     lr, r4                  /* the weights' end */
        split_width
        add     r11, r4
        lsls    r5, r4, #2
        str     r5, [sp, #FEW]
        find_few .Lmix_one, r8
        mov     r0, r1
        mov     r4, r2
        movs    r5, #0
        movs    r6, #0
        movs    r7, #0
        .balign 4
.Lmix_few:
        ldmia   r0!, {r1}
        mov     pc, r8
        mix     2, r7
        mix     1, r6
.Lmix_one:
        mix     0, r5
        add     r4, r12
        cmp     r0, lr
        bne     .Lmix_few
        mov     r0, r9
        stmia   r0!, {r5-r7}            /* those of the next four are overwritten */
        ldr     r0, [sp, #FEW]
        add     r9, r0
.Lmix_fours:
        begin_four_sums
3:
        ldmia   r0!, {r1}
        mix     0, r5
        mix     1, r6
        mix     2, r7
        mix     3, r8
        add     r4, r12
        cmp     r0, lr
        bne     3b
        put_four_sums
        ldr     r0, [sp, #FOURS]
        subs    r0, #1
        str     r0, [sp, #FOURS]
        bne     .Lmix_fours
        add     sp, #FRAME
        leave
        .size   dogberry_mix_i8_any_armv6m, . - dogberry_mix_i8_any_armv6m
#endif

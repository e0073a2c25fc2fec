/*
 * Core 1: how it is launched, told, and given up. Sources: RP2040 datasheet, 2.8.2 (launching), 2.3.1 (FIFO), 2.13
 * (power-on state machine); RP2350's, 5.3, is the same here.
 *
 * Both cores see one SRAM in order, without caches; a barrier keeps compiler and write buffer honest. SEV from one
 * core is latched by the other, so that no wake-up is lost between looking and sleeping.
 * SPDX-License-Identifier: MIT
 */
#include "core1.h"
#include "watch.h"

#include "hardware/structs/psm.h"
#include "hardware/structs/scb.h"
#include "hardware/structs/sio.h"
#include "hardware/sync.h"
#include "hardware/timer.h"
#include "pico/platform.h"

#define STACK_WORDS 384     /* the largest kernel takes about 400 bytes */
#define LAUNCH_US 10000u    /* it answers within microseconds */
#define PATIENCE_US 200000u /* for half of a product, after the other half is done */

static uint64_t __scratch_x("core1") stack[STACK_WORDS / 2];

static struct {
    dogberry_kernels kernels; /* a copy in SRAM */
    dogberry_transformer_kernels transformer;
    struct product product;
    core1_work *work; /* instead of the product, if not NULL */
    void *context;
    uint32_t first, items;
    volatile uint32_t posted, done; /* numbers of products and tasks */
    bool running;
} core1;

void __not_in_flash_func(product_run)(const dogberry_kernels *kernels, const struct product *p)
{
    if (p->terms)
        kernels->transformer->add_columns(p->out, p->weights, p->group_scales, p->width, p->count, p->terms,
                                          p->term_count);
    else if (p->group_scales)
        kernels->matvec_i4(p->out, p->weights, p->group_scales, p->width, p->count, p->x);
    else
        kernels->matvec_i8(p->out, p->weights, p->width, p->count, p->x);
}

static void __not_in_flash_func(core1_main)(void)
{
    uint32_t seen = 0;

    for (;;) {
        while (core1.posted == seen)
            __wfe();
        __dmb();
        seen = core1.posted;
        if (core1.work)
            core1.work(core1.context, core1.first, core1.items, 1);
        else
            product_run(&core1.kernels, &core1.product);
        __dmb();
        core1.done = seen;
        __sev();
    }
}

static bool late(uint32_t since, uint32_t limit)
{
    return time_us_32() - since > limit;
}

/* Returns whether the FIFO gave a word in time. */
static bool pop(uint32_t *word, uint32_t since)
{
    while (!(sio_hw->fifo_st & SIO_FIFO_ST_VLD_BITS)) {
        if (late(since, LAUNCH_US))
            return false;
    }
    *word = sio_hw->fifo_rd;
    return true;
}

static void hold_in_reset(bool hold)
{
    if (hold)
        hw_set_bits(&psm_hw->frce_off, PSM_FRCE_OFF_PROC1_BITS);
    else
        hw_clear_bits(&psm_hw->frce_off, PSM_FRCE_OFF_PROC1_BITS);
    (void)psm_hw->frce_off; /* the write has arrived */
}

/* The boot ROM of core 1 echoes each word; when one comes back wrong, it starts over. */
static bool launch(void)
{
    const uint32_t words[] = {
        0, 0, 1, scb_hw->vtor, (uint32_t)(uintptr_t)(stack + STACK_WORDS / 2), (uint32_t)(uintptr_t)core1_main};
    uint32_t since = time_us_32(), echo, i = 0;

    while (i < sizeof words / sizeof words[0]) {
        if (words[i] == 0) {
            while ((sio_hw->fifo_st & SIO_FIFO_ST_VLD_BITS) && !late(since, LAUNCH_US))
                (void)sio_hw->fifo_rd;
            __sev();
        }
        if (!(sio_hw->fifo_st & SIO_FIFO_ST_RDY_BITS))
            return false;
        sio_hw->fifo_wr = words[i];
        __sev();
        if (!pop(&echo, since))
            return false;
        i = echo == words[i] ? i + 1 : 0;
        if (late(since, LAUNCH_US))
            return false;
    }
    return true;
}

bool core1_start(const dogberry_kernels *kernels)
{
    core1.kernels = *kernels;
    core1.transformer = *kernels->transformer;
    core1.kernels.transformer = &core1.transformer;
    hold_in_reset(true);
    hold_in_reset(false);
    core1.running = launch();
    if (!core1.running)
        hold_in_reset(true);
    return core1.running;
}

bool __not_in_flash_func(core1_ready)(void)
{
    return core1.running && core1.done == core1.posted;
}

static __force_inline void post(void)
{
    __dmb();
    core1.posted++;
    __sev();
}

void __not_in_flash_func(core1_post)(const struct product *product)
{
    struct product *p = &core1.product; /* field by field, which is faster than the compiler's memcpy */

    p->out = product->out;
    p->weights = product->weights;
    p->group_scales = product->group_scales;
    p->width = product->width;
    p->count = product->count;
    p->x = product->x;
    p->terms = product->terms;
    p->term_count = product->term_count;
    core1.work = NULL;
    post();
}

/* Waits until the work is done, or the core is given up. */
static __force_inline bool wait(void)
{
    uint32_t since;

    for (uint32_t tries = 0; tries < 16; tries++) { /* mostly it is soon: the clock is slow to read */
        if (core1.done == core1.posted) {
            __dmb();
            return true;
        }
    }
    since = timer_hw->timerawl;
    while (core1.done != core1.posted) {
        if (timer_hw->timerawl - since <= PATIENCE_US)
            continue;
        hw_set_bits(&psm_hw->frce_off, PSM_FRCE_OFF_PROC1_BITS); /* it must not write any more */
        (void)psm_hw->frce_off;
        core1.running = false;
        return false;
    }
    __dmb();
    return true;
}

bool __not_in_flash_func(core1_wait)(void)
{
    return wait();
}

void __not_in_flash_func(core1_share)(core1_work *work, void *context, uint32_t count)
{
    uint32_t half = (count + 1) / 2; /* the other core begins later */

    if (count < 2 || !core1.running || core1.done != core1.posted) {
        work(context, 0, count, 0);
        return;
    }
    core1.work = work;
    core1.context = context;
    core1.first = half;
    core1.items = count - half;
    post();
    work(context, 0, half, 0);
    if (!wait())
        work(context, half, count - half, 1);
}

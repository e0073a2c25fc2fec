/*
 * Products of a matrix and a vector, three ways: on one core in place; on both; on both from a double buffer in SRAM
 * that the next rows are streamed into. Rows are independent and their sums are whole numbers, so every way gives the
 * same bits.
 *
 * Everything that runs between stream_begin() and stream_end() is in SRAM, and tests/firmware/sram.sh holds it to that.
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "core1.h"
#include "stream.h"
#include "watch.h"

#include "pico/platform.h"

#define SHARED_LEAST 512u  /* bytes of weights that are worth waking the other core for, while they are streamed */
#define STREAM_LEAST 1024u /* and worth leaving XIP for */
#define CHUNK_BYTES 4096u  /* of one buffer */
#define CHUNK_LEAST 1024u  /* a short product comes in several chunks, so that computing overlaps reading */
#define SCALES_BYTES 1024u /* group scales of one chunk */

static struct {
    dogberry_kernels base;              /* a copy in SRAM of the runtime's best */
    dogberry_transformer_kernels heads; /* the same for transformers, but shared */
    uint32_t weights[2][CHUNK_BYTES / 4];
    uint32_t scales[2][SCALES_BYTES / 4];
} kernels;

static __force_inline uint32_t groups_of(const struct product *p)
{
    return (p->width + DOGBERRY_I4_GROUP - 1) / DOGBERRY_I4_GROUP;
}

/* Bytes of weights and of group scales of one row, or with 4 bits of one block of rows. */
static __force_inline uint32_t unit_bytes(const struct product *p)
{
    return p->group_scales ? 4 * p->width : p->width;
}

static __force_inline uint32_t unit_scales(const struct product *p)
{
    return p->group_scales ? DOGBERRY_I4_BLOCK * groups_of(p) : 0;
}

/* `some` = `count` units of p from number `first` on. Field by field: for a copy of the whole the compiler calls
 * memcpy, which takes longer. */
static __force_inline void part(struct product *some, const struct product *p, uint32_t first, uint32_t count)
{
    some->out = p->out + first * (p->group_scales ? DOGBERRY_I4_BLOCK : 1);
    some->weights = (const uint8_t *)p->weights + first * unit_bytes(p);
    some->group_scales = p->group_scales ? p->group_scales + first * unit_scales(p) : NULL;
    some->width = p->width;
    some->count = count;
    some->x = p->x;
}

static void __no_inline_not_in_flash_func(share)(const struct product *p)
{
    uint32_t half = p->count / 2;
    struct product mine, other;

    if (!p->group_scales && p->count >= 8)
        half = (half + 3) & ~3u; /* the kernel for 8 bits takes four rows at a time */
    if (half == 0 || p->count * unit_bytes(p) < SHARED_LEAST || !core1_ready()) {
        product_run(&kernels.base, p);
        return;
    }
    part(&mine, p, 0, half);
    part(&other, p, half, p->count - half);
    core1_post(&other);
    product_run(&kernels.base, &mine);
    if (!core1_wait())
        product_run(&kernels.base, &other);
}

/* Units that fit a buffer, scales too; 0 where not even one does. */
static uint32_t chunk_units(const struct product *p)
{
    uint32_t bytes = unit_bytes(p), scales = unit_scales(p), wanted = p->count * bytes / 4, units;

    if (wanted < CHUNK_LEAST)
        wanted = CHUNK_LEAST;
    if (wanted > CHUNK_BYTES)
        wanted = CHUNK_BYTES;
    units = bytes > wanted ? bytes <= CHUNK_BYTES : wanted / bytes;
    while (units * scales > SCALES_BYTES)
        units--;
    return units;
}

/* Begins to read a chunk into buffer `side`; its few scales first, and those at once. */
static bool __not_in_flash_func(fetch)(const struct product *chunk, uint32_t side)
{
    if (chunk->group_scales) {
        stream_fetch(kernels.scales[side], chunk->group_scales, chunk->count * unit_scales(chunk));
        if (!stream_wait())
            return false;
    }
    stream_fetch(kernels.weights[side], chunk->weights, chunk->count * unit_bytes(chunk));
    return true;
}

/* Returns false where flash does not answer. */
static bool __no_inline_not_in_flash_func(run_streamed)(const struct product *p, uint32_t units)
{
    struct product chunks[2];
    bool came;

    part(&chunks[0], p, 0, units < p->count ? units : p->count);
    came = fetch(&chunks[0], 0);
    for (uint32_t at = 0, side = 0; came && at < p->count; side ^= 1) {
        struct product *chunk = &chunks[side], *next = &chunks[side ^ 1];
        uint32_t after = at + chunk->count, left = p->count - after;

        came = stream_wait();
        if (!came)
            break;
        stream_breathe();
        if (left > 0) {
            part(next, p, after, left < units ? left : units);
            came = fetch(next, side ^ 1);
        }
        chunk->weights = kernels.weights[side];
        if (chunk->group_scales)
            chunk->group_scales = (const uint8_t *)kernels.scales[side];
        share(chunk);
        at = after;
    }
    return came;
}

static void __no_inline_not_in_flash_func(stream)(const struct product *p)
{
    uint32_t units = chunk_units(p);
    bool done;

    if (units == 0 || !stream_ready() ||
        (p->group_scales && !stream_holds(p->group_scales, p->count * unit_scales(p)))) {
        share(p);
        return;
    }
    stream_begin();
    done = run_streamed(p, units);
    stream_end();
    if (!done)
        share(p);
}

/* Whether weights are to be streamed, which shares their rows. */
static __force_inline bool is_streamed(const void *weights, uint32_t bytes)
{
    return bytes >= STREAM_LEAST && (uintptr_t)weights < SRAM_BASE && stream_holds(weights, bytes);
}

static void __not_in_flash_func(streamed_i8)(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows,
                                             const int8_t *x)
{
    watch_alive();
    if (is_streamed(weights, rows * stride))
        stream(&(const struct product){.out = out, .weights = weights, .width = stride, .count = rows, .x = x});
    else
        kernels.base.matvec_i8(out, weights, stride, rows, x);
}

static void __not_in_flash_func(streamed_i4)(int32_t *out, const uint32_t *weights, const uint8_t *scales,
                                             uint32_t columns, uint32_t blocks, const int8_t *x)
{
    watch_alive();
    if (is_streamed(weights, 4 * columns * blocks))
        stream(&(const struct product){
            .out = out, .weights = weights, .group_scales = scales, .width = columns, .count = blocks, .x = x});
    else
        kernels.base.matvec_i4(out, weights, scales, columns, blocks, x);
}

static void __not_in_flash_func(one_i8)(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows,
                                        const int8_t *x)
{
    watch_alive();
    kernels.base.matvec_i8(out, weights, stride, rows, x);
}

static void __not_in_flash_func(one_i4)(int32_t *out, const uint32_t *weights, const uint8_t *scales, uint32_t columns,
                                        uint32_t blocks, const int8_t *x)
{
    watch_alive();
    kernels.base.matvec_i4(out, weights, scales, columns, blocks, x);
}

static void __not_in_flash_func(share_all)(core1_work *work, void *context, uint32_t count, const void *weights,
                                           uint32_t bytes)
{
    (void)weights;
    (void)bytes;
    core1_share(work, context, count);
}

static void __not_in_flash_func(share_unstreamed)(core1_work *work, void *context, uint32_t count, const void *weights,
                                                  uint32_t bytes)
{
    if (is_streamed(weights, bytes))
        work(context, 0, count, 0);
    else
        core1_share(work, context, count);
}

/* A set like the best, but for its name and the ways of its products. */
static dogberry_kernels make(const char *name, bool two, bool dma)
{
    dogberry_kernels set = kernels.base;

    set.name = name;
    set.matvec_i8 = dma ? streamed_i8 : one_i8;
    set.matvec_i4 = dma ? streamed_i4 : one_i4;
    if (two) {
        set.share = dma ? share_unstreamed : share_all;
        set.transformer = &kernels.heads;
    }
    return set;
}

const dogberry_kernels *const *kernels_start(void)
{
    static dogberry_kernels sets[3];
    static const dogberry_kernels *list[4];
    uint32_t count = 0;
    bool second = core1_start(dogberry_kernels_best());

    kernels.base = *dogberry_kernels_best();
    kernels.heads = *kernels.base.transformer;
    kernels.heads.share = core1_share;
    if (stream_start())
        sets[count++] = make(second ? "both cores, DMA" : "one core, DMA", second, true);
    if (second)
        sets[count++] = make("both cores", true, false);
    sets[count++] = make("one core", false, false);
    for (uint32_t i = 0; i < count; i++)
        list[i] = &sets[i];
    return list;
}

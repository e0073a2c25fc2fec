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
#define CHUNK_TERMS 64u    /* columns of one chunk, at most */

static struct {
    dogberry_kernels base;                                /* a copy in SRAM of the runtime's best */
    dogberry_transformer_kernels alone, shared, streamed; /* the same for transformers: base's, and of the other ways */
    uint32_t weights[2][CHUNK_BYTES / 4];
    uint32_t scales[2][SCALES_BYTES / 4]; /* with terms: group scales of all columns; and terms of both chunks */
} kernels;

static __force_inline uint32_t groups_of(const struct product *p)
{
    return (p->width + DOGBERRY_I4_GROUP - 1) / DOGBERRY_I4_GROUP;
}

/* Bytes of weights and of group scales of one row, or with 4 bits of one block of rows; with terms, of one block in
 * each column. */
static __force_inline uint32_t unit_bytes(const struct product *p)
{
    if (p->terms)
        return p->group_scales ? 4 : DOGBERRY_I4_BLOCK;
    return p->group_scales ? 4 * p->width : p->width;
}

static __force_inline uint32_t unit_scales(const struct product *p)
{
    if (p->terms && p->group_scales)
        return DOGBERRY_I4_BLOCK;
    return p->group_scales ? DOGBERRY_I4_BLOCK * groups_of(p) : 0;
}

/* `some` = `count` units of p from number `first` on. Field by field: for a copy of the whole the compiler calls
 * memcpy, which takes longer. */
static __force_inline void part(struct product *some, const struct product *p, uint32_t first, uint32_t count)
{
    some->out = p->out + first * (p->group_scales || p->terms ? DOGBERRY_I4_BLOCK : 1);
    some->weights = (const uint8_t *)p->weights + first * unit_bytes(p);
    some->group_scales = p->group_scales ? p->group_scales + first * unit_scales(p) : NULL;
    some->width = p->width;
    some->count = count;
    some->x = p->x;
    some->terms = p->terms;
    some->term_count = p->term_count;
}

static void __no_inline_not_in_flash_func(share)(const struct product *p)
{
    uint32_t half = p->count / 2, bytes = p->count * unit_bytes(p) * (p->terms ? p->term_count : 1);
    struct product mine, other;

    if (!p->group_scales && !p->terms && p->count >= 8)
        half = (half + 3) & ~3u; /* the kernel for 8 bits takes four rows at a time */
    if (half == 0 || bytes < SHARED_LEAST || !core1_ready()) {
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

/* Terms of *left for one chunk: at most so many, and with 4 bits of one group. */
static __force_inline uint32_t chunk_terms(const struct product *left, uint32_t most)
{
    uint32_t count = 0, end = UINT32_MAX;

    if (left->group_scales && left->term_count > 0)
        end = (left->terms[0] >> 8 | (DOGBERRY_I4_GROUP - 1)) + 1;
    while (count < left->term_count && count < most && left->terms[count] >> 8 < end)
        count++;
    return count;
}

/* Reads the columns of the first terms of *left into buffer `side`, neighbours in one go, and takes them off it; *chunk
 * is their product, of no terms where none are left. Returns false where flash does not answer. */
static bool __no_inline_not_in_flash_func(gather)(struct product *left, uint32_t side, uint32_t most,
                                                  struct product *chunk)
{
    uint32_t count = chunk_terms(left, most), stride = left->width, run;
    uint8_t *to = (uint8_t *)kernels.weights[side];

    for (uint32_t i = 0; i < count; i += run) {
        uint32_t first = left->terms[i] >> 8;

        for (run = 0; i + run < count && left->terms[i + run] >> 8 == first + run; run++)
            kernels.scales[1][side * CHUNK_TERMS + i + run] = (i + run) << 8 | (left->terms[i + run] & 0xFF);
        stream_fetch(to + i * stride, (const uint8_t *)left->weights + first * stride, run * stride);
        if (!stream_wait())
            return false;
    }
    *chunk = *left;
    chunk->weights = to;
    if (left->group_scales && count > 0)
        chunk->group_scales += (left->terms[0] >> 8) / DOGBERRY_I4_GROUP * 2 * stride;
    chunk->terms = kernels.scales[1] + side * CHUNK_TERMS;
    chunk->term_count = count;
    left->terms += count;
    left->term_count -= count;
    return true;
}

/* One core reads, which takes longer, and the other multiplies. What is not done stays in *left. */
static void __no_inline_not_in_flash_func(run_gathered)(struct product *left, uint32_t most)
{
    struct product chunk;
    bool came = gather(left, 0, most, &chunk);

    for (uint32_t side = 1; came && chunk.term_count > 0; side ^= 1) {
        struct product now = chunk;
        bool posted = core1_ready();

        stream_breathe();
        if (posted)
            core1_post(&now);
        else
            product_run(&kernels.base, &now);
        came = gather(left, side, most, &chunk);
        if (posted && !core1_wait())
            product_run(&kernels.base, &now);
    }
}

/* Group scales come first. */
static void __no_inline_not_in_flash_func(stream_columns)(const struct product *p)
{
    uint32_t bytes = p->width * p->term_count, columns = (p->terms[p->term_count - 1] >> 8) + 1, most = bytes / 4;
    uint32_t scales = p->group_scales ? (columns + DOGBERRY_I4_GROUP - 1) / DOGBERRY_I4_GROUP * 2 * p->width : 0;
    struct product left = *p;

    most = most < CHUNK_LEAST ? CHUNK_LEAST : most > CHUNK_BYTES ? CHUNK_BYTES : most;
    most = most / p->width < CHUNK_TERMS ? most / p->width : CHUNK_TERMS;
    if (bytes >= STREAM_LEAST && most > 0 && scales <= SCALES_BYTES && stream_ready() &&
        stream_holds(p->weights, p->width * columns) && (scales == 0 || stream_holds(p->group_scales, scales))) {
        bool came = true;

        stream_begin();
        if (scales > 0) {
            stream_fetch(kernels.scales[0], p->group_scales, scales);
            came = stream_wait();
            left.group_scales = (const uint8_t *)kernels.scales[0];
        }
        if (came)
            run_gathered(&left, most);
        stream_end();
        left.group_scales = p->group_scales;
    }
    if (left.term_count > 0)
        share(&left);
}

/* Whether there are so many weights outside SRAM that they are worth streaming, if they are in flash. */
static __force_inline bool is_large(const void *weights, uint32_t bytes)
{
    return bytes >= STREAM_LEAST && (uintptr_t)weights < SRAM_BASE;
}

/* The product of a large matrix. Not inlined, so that small ones do not save what it needs. */
static void __no_inline_not_in_flash_func(run_large)(int32_t *out, const void *weights, const uint8_t *scales,
                                                     uint32_t width, uint32_t count, const int8_t *x)
{
    const struct product p = {
        .out = out, .weights = weights, .group_scales = scales, .width = width, .count = count, .x = x};

    if (stream_holds(weights, count * unit_bytes(&p)))
        stream(&p);
    else
        product_run(&kernels.base, &p);
}

static void __not_in_flash_func(streamed_i8)(int32_t *out, const int8_t *weights, uint32_t stride, uint32_t rows,
                                             const int8_t *x)
{
    watch_alive();
    if (is_large(weights, rows * stride))
        run_large(out, weights, NULL, stride, rows, x);
    else
        kernels.base.matvec_i8(out, weights, stride, rows, x);
}

static void __not_in_flash_func(streamed_i4)(int32_t *out, const uint32_t *weights, const uint8_t *scales,
                                             uint32_t columns, uint32_t blocks, const int8_t *x)
{
    watch_alive();
    if (is_large(weights, 4 * columns * blocks))
        run_large(out, weights, scales, columns, blocks, x);
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

/* Streaming shares rows itself. Not inlined, as run_large(). */
static void __no_inline_not_in_flash_func(share_large)(core1_work *work, void *context, uint32_t count,
                                                       const void *weights, uint32_t bytes)
{
    if (stream_holds(weights, bytes))
        work(context, 0, count, 0);
    else
        core1_share(work, context, count);
}

static void __not_in_flash_func(share_unstreamed)(core1_work *work, void *context, uint32_t count, const void *weights,
                                                  uint32_t bytes)
{
    if (is_large(weights, bytes))
        share_large(work, context, count, weights, bytes);
    else
        core1_share(work, context, count);
}

/* Few columns are done before the other core, or DMA, is asked. */
static __force_inline void run_columns(int32_t *sums, const void *columns, const uint8_t *scales, uint32_t stride,
                                       uint32_t blocks, const uint32_t *terms, uint32_t count,
                                       void (*run)(const struct product *))
{
    watch_alive();
    if (stride * count < SHARED_LEAST) {
        kernels.alone.add_columns(sums, columns, scales, stride, blocks, terms, count);
        return;
    }
    run(&(const struct product){.out = sums,
                                .weights = columns,
                                .group_scales = scales,
                                .width = stride,
                                .count = blocks,
                                .terms = terms,
                                .term_count = count});
}

static void shared_columns(int32_t *sums, const void *columns, const uint8_t *scales, uint32_t stride, uint32_t blocks,
                           const uint32_t *terms, uint32_t count)
{
    run_columns(sums, columns, scales, stride, blocks, terms, count, share);
}

static void streamed_columns(int32_t *sums, const void *columns, const uint8_t *scales, uint32_t stride,
                             uint32_t blocks, const uint32_t *terms, uint32_t count)
{
    run_columns(sums, columns, scales, stride, blocks, terms, count, stream_columns);
}

/* A set like the best, but for its name, the ways of its products, and what transformers need beside them. */
static dogberry_kernels make(const char *name, bool two, bool dma, const dogberry_transformer_kernels *transformer)
{
    dogberry_kernels set = kernels.base;

    set.name = name;
    set.matvec_i8 = dma ? streamed_i8 : one_i8;
    set.matvec_i4 = dma ? streamed_i4 : one_i4;
    if (two)
        set.share = dma ? share_unstreamed : share_all;
    set.transformer = transformer;
    return set;
}

/* What transformers need beside matrices by row, in three ways. */
static void make_transformer(bool two)
{
    kernels.alone = *kernels.base.transformer;
    kernels.base.transformer = &kernels.alone;
    kernels.shared = kernels.alone;
    if (two)
        kernels.shared.share = core1_share;
    kernels.shared.add_columns = shared_columns;
    kernels.streamed = kernels.shared;
    kernels.streamed.add_columns = streamed_columns;
}

const dogberry_kernels *const *kernels_start(void)
{
    static dogberry_kernels sets[3];
    static const dogberry_kernels *list[4];
    uint32_t count = 0;
    bool second = core1_start(dogberry_kernels_best());

    kernels.base = *dogberry_kernels_best();
    make_transformer(second);
    if (stream_start())
        sets[count++] = make(second ? "both cores, DMA" : "one core, DMA", second, true, &kernels.streamed);
    if (second)
        sets[count++] = make("both cores", true, false, &kernels.shared);
    sets[count++] = make("one core", false, false, &kernels.alone);
    for (uint32_t i = 0; i < count; i++)
        list[i] = &sets[i];
    return list;
}

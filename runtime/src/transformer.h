/*
 * The integer layers of a transformer (docs/NUMERICS.md, "Transformer"). Nothing here checks sizes: dogberry_open()
 * did. What returns a status returns DOGBERRY_OK or ERR_READ, and leaves what it writes unfinished where that is not
 * DOGBERRY_OK.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_TRANSFORMER_H
#define DOGBERRY_TRANSFORMER_H

#include "blocks.h"
#include "dogberry.h"
#include "layers.h"
#include "seam.h"

/* The least shift of a norm's scale word, and the most of a head's. */
#define DOGBERRY_NORM_SHIFT_MIN 11u
#define DOGBERRY_HEAD_SHIFT_MAX 14u

/* What a session keeps besides keys and values. */
typedef struct {
    uint32_t position; /* of the next token; only differences count, so it may go round */
    uint32_t cached;   /* tokens whose keys and values are there */
    uint32_t columns;  /* of second feed-forward matrices by column: dogberry_skipped() */
    uint32_t skipped;  /* of these, spared by zeros */
} dogberry_context;

DOGBERRY_STATIC_ASSERT(sizeof(dogberry_context) == 16, context_size);

/* A transformer's part of the session. */
typedef struct {
    dogberry_work work; /* scratch: dogberry_transformer_words() at least */
    dogberry_context *context;
    int16_t *stream; /* [D] */
    int8_t *norm;    /* [D padded with zeros to 16] what a norm makes of it */
    int8_t *branch;  /* [the larger of D and H, padded to 16] what goes into a layer's second matrices */
    int8_t *caches;  /* by layer: keys [kv_heads][context][head], int8 or int16, then values alike, int8 */
} dogberry_blocks;

/* Words of scratch that the layers need. */
uint32_t dogberry_transformer_words(const dogberry_image *image);

/* Bytes of keys and values of one layer, and in all layers: at most 2^31. */
uint32_t dogberry_transformer_layer_bytes(const dogberry_image *image);
uint32_t dogberry_transformer_cache_bytes(const dogberry_image *image);

/* Runs one token through all layers; blocks->norm is then what the output matrix reads. */
int dogberry_transformer_step(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t token);

/* The parts of a step. */

/* out[c] = x[c] times word * 1024 / sqrt(sum of x^2 + epsilon), int8, for c < width; zeros up to a multiple of 16. */
void dogberry_rmsnorm(int8_t *out, const int16_t *x, uint32_t width, uint32_t epsilon, uint32_t word);

/* blocks->branch = what the heads of layer `index` take from the past and this token, whose key and value are put
 * into the cache's place number `slot`. The scratch begins with the sums of the layer's first matrix. */
int dogberry_attention(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t slot);

/* The feed-forward part's function of the sums of layer `index`'s inner matrix, with which the scratch begins: in
 * blocks->branch, or where `terms` is not NULL, which it may be with (squared) ReLU only, as terms in the scratch, as
 * dogberry_sum_terms() wants them; `*terms` is how many. */
int dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t *terms);

/* A layer's vector of scale words begins with the norms'. */
enum { DOGBERRY_NORMS = 2 };

/* Scale words of norms have shifts from DOGBERRY_NORM_SHIFT_MIN on (what is made of a vector is shifted by 1 at least),
 * those of heads up to DOGBERRY_HEAD_SHIFT_MAX (they are at least 1). None is 0. docs/NUMERICS.md, "Transformer". */
int dogberry_is_head_scale(uint32_t word);

/* The norm's scale word at an offset. Returns DOGBERRY_OK, ERR_READ, or ERR_IMAGE where it is none. */
int dogberry_fetch_norm(const dogberry_source *source, uint32_t offset, uint32_t *word);

/* Whether `words` scale words, of `norms` norms and then of heads, are all valid. Returns as dogberry_fetch_norm(). */
int dogberry_check_block_scales(const dogberry_source *source, uint32_t offset, uint32_t norms, uint32_t words);

/* Rows of a layer's first matrix: queries, keys and values; and of its third. */
static inline uint32_t dogberry_attention_rows(const dogberry_image *image)
{
    return (image->transformer.heads + 2u * image->transformer.kv_heads) * image->transformer.head;
}

static inline uint32_t dogberry_inner_rows(const dogberry_image *image)
{
    return image->transformer.feed_forward == DOGBERRY_SWIGLU ? 2u * image->hidden : image->hidden;
}

/* Numbers in a layer's vector of int16: biases, and SiLU's scales behind them. */
uint32_t dogberry_block_biases(const dogberry_image *image);
uint32_t dogberry_silu_scales(const dogberry_image *image);

/* Zeros at the end of x, up to a multiple of 16, as products want them, before x [used] is written; it is in the arena.
 */
static inline void dogberry_pad(int8_t *x, uint32_t used)
{
    uint32_t *last = (uint32_t *)(void *)(x + ((used - 1u) & ~15u)); /* for 16 bytes a call takes longer */

    last[0] = 0;
    last[1] = 0;
    last[2] = 0;
    last[3] = 0;
}

#endif

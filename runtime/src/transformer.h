/*
 * The integer layers of a transformer (docs/NUMERICS.md, "Transformer"), on plain pointers. Nothing here checks
 * sizes: dogberry_open() did.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_TRANSFORMER_H
#define DOGBERRY_TRANSFORMER_H

#include "dogberry.h"
#include "layers.h"
#include "seam.h"

/* The least shift of a norm's scale word, and the most of a head's. */
#define DOGBERRY_NORM_SHIFT_MIN 11u
#define DOGBERRY_HEAD_SHIFT_MAX 14u

/* What a session keeps besides keys and values. */
typedef struct {
    uint32_t position;  /* of the next token; only differences count, so it may go round */
    uint32_t cached;    /* tokens whose keys and values are there */
    uint32_t unused[2]; /* the keys behind it begin at a multiple of 16 */
} dogberry_context;

DOGBERRY_STATIC_ASSERT(sizeof(dogberry_context) == 16, context_size);

/* A transformer's part of the session. */
typedef struct {
    dogberry_work work; /* scratch: dogberry_transformer_words() at least */
    dogberry_context *context;
    int16_t *stream; /* [D] */
    int8_t *norm;    /* [D padded with zeros to 16] what a norm makes of it */
    int8_t *branch;  /* [the larger of D and H, padded to 16] what goes into a layer's second matrices */
    int8_t *caches;  /* by layer: keys [context][kv_heads * head], int8 or int16, then values, int8 */
} dogberry_blocks;

/* Words of scratch that the layers need. */
uint32_t dogberry_transformer_words(const dogberry_image *image);

/* Bytes of keys and values of one layer, and in all layers: at most 2^31. */
uint32_t dogberry_transformer_layer_bytes(const dogberry_image *image);
uint32_t dogberry_transformer_cache_bytes(const dogberry_image *image);

/* Runs one token through all layers; blocks->norm is then what the output matrix reads. */
void dogberry_transformer_step(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t token);

/* The parts of a step. */

/* out[c] = x[c] times word * 1024 / sqrt(sum of x^2 + epsilon), int8, for c < width; zeros up to a multiple of 16. */
void dogberry_rmsnorm(int8_t *out, const int16_t *x, uint32_t width, uint32_t epsilon, uint32_t word);

/* blocks->branch = what the heads of layer `index` take from the past and this token, whose key and value are put
 * into the cache's place number `slot`. The scratch begins with the sums of the layer's first matrix. */
void dogberry_attention(const dogberry_image *image, const dogberry_blocks *blocks, uint32_t index, uint32_t slot);

/* blocks->branch = the feed-forward part's function of the sums of the inner matrix, with which the scratch begins. */
void dogberry_feed_forward(const dogberry_image *image, const dogberry_blocks *blocks);

/* The start of the scratch = a matrix of layer `index` times x, plus its bias. */
void dogberry_block_project(const dogberry_image *image, const dogberry_blocks *blocks, const int8_t *x, uint32_t index,
                            uint32_t part);

/* Vectors of a layer, in the order of their roles. */
enum { DOGBERRY_BLOCK_BIAS, DOGBERRY_BLOCK_SCALES };

/* The values of a layer's vector: int16, the biases of its four matrices in their order; or scale words: of the norms
 * before attention and before feed-forward, then of the heads. */
const void *dogberry_block_vector(const dogberry_image *image, uint32_t layer, uint32_t vector);

/* Fraction bits of a layer's scores, 8..16. */
uint32_t dogberry_score_frac(const dogberry_image *image, uint32_t layer);

/* Rows of a layer's first matrix: queries, keys and values; and of its third. */
uint32_t dogberry_attention_rows(const dogberry_image *image);
uint32_t dogberry_inner_rows(const dogberry_image *image);

/* Zeros in x from `used` up to the next multiple of 16, as products want them. */
static inline void dogberry_pad(int8_t *x, uint32_t used)
{
    for (; (used & 15u) != 0; used++)
        x[used] = 0;
}

#endif

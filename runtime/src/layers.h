/*
 * One step of each layer kind. Nothing here checks sizes: dogberry_open() did. What returns a status
 * returns DOGBERRY_OK or ERR_READ, and leaves what it writes unfinished where that is not DOGBERRY_OK.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_LAYERS_H
#define DOGBERRY_LAYERS_H

#include "dogberry.h"
#include "seam.h"
#include "source.h"

/* What a product works with besides the matrix. Calls of the kernels are as long as the scratch lets
 * them be: a core that shares rows with another, or fetches them by DMA, pays for each call. */
typedef struct {
    const dogberry_kernels *kernels;
    int32_t *scratch;     /* [words], shared with the logits: dead while they are stale, and what lies behind
                           * them is dead while they are made */
    uint32_t words;       /* at least dogberry_scratch_words() */
    dogberry_window rows; /* of the image; its room holds the longest row */
} dogberry_work;

/* Values behind its rows that dogberry_project() may write: rows of int4 come in whole blocks. */
#define DOGBERRY_PROJECT_SLACK (2u * (DOGBERRY_I4_BLOCK - 1u))

/* The least scratch for layers of `hidden` units. Returns 32-bit words. */
uint32_t dogberry_scratch_words(uint32_t hidden);

/* One recurrent layer's part of the session. */
typedef struct {
    int8_t *output; /* [H padded with zeros to 16] Q0.7, what other layers see */
    int16_t *cell;  /* [H] LSTM: cell in Q(cell_frac); GRU: the state in Q15 */
    int8_t *fresh;  /* [H] scratch shared by the layers: outputs of the step being made */
} dogberry_state;

/* Rows of a matrix times a vector. */
typedef struct {
    const dogberry_matrix *matrix;
    uint32_t first, count; /* rows */
    uint32_t bias;         /* offset of the first one's int16; 0: none */
    const int8_t *x;       /* or NULL: the products stand in `out` */
    int32_t *out;          /* [count], with room for DOGBERRY_PROJECT_SLACK values more */
    int16_t *logits;       /* [count], or NULL; apart from `out`, or where nothing is shared, before it */
    int32_t highest;       /* of the logits */
} dogberry_product;

/* out[r] = row first + r times x, rescaled, plus bias; and logits[r] = that, saturated. */
int dogberry_project(const dogberry_work *work, dogberry_product *product);

/* work->scratch[r] = the product of row r of a matrix by column and `count` terms, which end in the scratch
 * dogberry_terms_end() words behind its start, and are lost. For dogberry_project() to go on with. */
int dogberry_sum_terms(const dogberry_work *work, const dogberry_matrix *matrix, uint32_t count);

/* Sums of all blocks of rows have room before terms of all columns. */
static inline uint32_t dogberry_terms_end(uint32_t rows, uint32_t cols)
{
    return rows + DOGBERRY_I4_BLOCK - 1u + cols;
}

/* Units of a recurrent layer that one pass over its matrices works on, four sums each, and room for a run of
 * further rows behind them. Returns `hidden`, or a multiple of 8 below it. */
uint32_t dogberry_units_at_once(const dogberry_work *work, uint32_t hidden);

/* work->scratch[at + r] += rows first .. first + count - 1 of matrix times x, rescaled, by way of the
 * scratch from `used` on. */
int dogberry_add_product(const dogberry_work *work, uint32_t at, uint32_t used, const dogberry_matrix *matrix,
                         uint32_t first, uint32_t count, const int8_t *x);

/* Advances the state by one input x (int8, padded with zeros to the input's stride). */
int dogberry_lstm_step(const dogberry_work *work, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                       const dogberry_state *state);
int dogberry_gru_step(const dogberry_work *work, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                      const dogberry_state *state);

/* x[c] = the token's embedding as the first layer's input; or, where `wide` is not NULL, wide[c] in the units of a
 * transformer's stream. */
int dogberry_embed(const dogberry_work *work, const dogberry_matrix *embeddings, uint32_t token, int8_t *x,
                   int16_t *wide);

/* logit i = matrix[first + i] . x + number i at offset `bias` for i < count, Q(logit_frac), at the start of the
 * scratch, which ends at least DOGBERRY_DENSE_TAIL words behind the last of them; and the highest of them. */
int dogberry_dense(const dogberry_work *work, const dogberry_matrix *matrix, uint32_t bias, uint32_t first,
                   uint32_t count, const int8_t *x, int32_t *highest);

#define DOGBERRY_DENSE_TAIL 64u

#endif

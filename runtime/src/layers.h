/*
 * One step of each layer kind, on plain pointers. Nothing here checks sizes:
 * dogberry_open() did.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DOGBERRY_LAYERS_H
#define DOGBERRY_LAYERS_H

#include "dogberry.h"
#include "seam.h"

/* Rows worked on at a time: what a layer keeps on the stack between dot products and
 * the values made of them. */
#define DOGBERRY_CHUNK 16u

/* One recurrent layer's part of the session. */
typedef struct {
    int8_t *output; /* [H padded with zeros to 16] Q0.7, what other layers see */
    int16_t *cell;  /* [H] LSTM: cell in Q(cell_frac); GRU: the state in Q15 */
    int8_t *fresh;  /* [H] scratch shared by the layers: outputs of the step being made */
} dogberry_state;

/* Rows first .. first + count - 1 (count <= DOGBERRY_CHUNK) of matrix times x, rescaled. */
void dogberry_project(const dogberry_kernels *kernels, int32_t *out, const dogberry_matrix *matrix, uint32_t first,
                      uint32_t count, const int8_t *x);

/* Advances the state by one input x (int8, padded with zeros to the input's stride). */
void dogberry_lstm_step(const dogberry_kernels *kernels, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                        const dogberry_state *state);
void dogberry_gru_step(const dogberry_kernels *kernels, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                       const dogberry_state *state);

/* x[c] = the token's embedding as the first layer's input. */
void dogberry_embed(const dogberry_matrix *embeddings, uint32_t token, int8_t *x);

/* logits[i] = matrix[first + i] . x + bias[first + i] for i < count, Q(logit_frac). */
void dogberry_dense(const dogberry_kernels *kernels, const dogberry_matrix *matrix, const int16_t *bias, uint32_t first,
                    uint32_t count, const int8_t *x, int16_t *logits);

#endif

/*
 * Gated recurrent unit (Cho and others 2014; reset inside the product, as cuDNN and
 * PyTorch have it), in integers: docs/NUMERICS.md, "GRU".
 *
 * SPDX-License-Identifier: MIT
 */
#include "layers.h"
#include "rescale.h"
#include "tables.h"

enum { GATE_RESET, GATE_UPDATE, GATE_NEW };

/* gate[u] = sigmoid of the gate's argument in Q15, for rows first .. first + count - 1. */
static void gate(const dogberry_kernels *kernels, int32_t *value, const dogberry_layer *layer, uint32_t first,
                 uint32_t count, const int8_t *x, const int8_t *h)
{
    int32_t recurrent[DOGBERRY_CHUNK];

    dogberry_project(kernels, value, &layer->input, first, count, x);
    dogberry_project(kernels, recurrent, &layer->recurrent, first, count, h);
    for (uint32_t u = 0; u < count; u++)
        value[u] = dogberry_sigmoid(dogberry_saturate16(value[u] + recurrent[u] + layer->bias[first + u]));
}

/* value[u] = tanh(input + bias + reset * (recurrent + recurrent bias)) in Q15. */
static void candidate(const dogberry_kernels *kernels, int32_t *value, const int32_t *reset,
                      const dogberry_layer *layer, uint32_t hidden, uint32_t first, uint32_t count, const int8_t *x,
                      const int8_t *h)
{
    uint32_t row = GATE_NEW * hidden + first;
    int32_t recurrent[DOGBERRY_CHUNK];

    dogberry_project(kernels, value, &layer->input, row, count, x);
    dogberry_project(kernels, recurrent, &layer->recurrent, row, count, h);
    for (uint32_t u = 0; u < count; u++) {
        int32_t inner = dogberry_saturate16(recurrent[u] + layer->recurrent_bias[first + u]);

        inner = dogberry_round_shift(reset[u] * inner, 15);
        value[u] = dogberry_tanh(dogberry_saturate16(value[u] + layer->bias[row + u] + inner));
    }
}

void dogberry_gru_step(const dogberry_kernels *kernels, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                       const dogberry_state *state)
{
    for (uint32_t first = 0; first < hidden; first += DOGBERRY_CHUNK) {
        uint32_t count = hidden - first < DOGBERRY_CHUNK ? hidden - first : DOGBERRY_CHUNK;
        int32_t reset[DOGBERRY_CHUNK], update[DOGBERRY_CHUNK], fresh[DOGBERRY_CHUNK];

        gate(kernels, reset, layer, GATE_RESET * hidden + first, count, x, state->output);
        gate(kernels, update, layer, GATE_UPDATE * hidden + first, count, x, state->output);
        candidate(kernels, fresh, reset, layer, hidden, first, count, x, state->output);
        for (uint32_t u = 0; u < count; u++) {
            int16_t *kept = &state->cell[first + u];
            int32_t sum = (32768 - update[u]) * fresh[u] + update[u] * *kept;

            *kept = dogberry_saturate16(dogberry_round_shift(sum, 15));
            state->fresh[first + u] = dogberry_saturate8(dogberry_round_shift(*kept, 8));
        }
    }
    dogberry_copy(state->output, state->fresh, hidden);
}

/*
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers
 * and others 2000), in integers: docs/NUMERICS.md, "LSTM".
 *
 * SPDX-License-Identifier: MIT
 */
#include "layers.h"
#include "rescale.h"
#include "tables.h"

enum { GATE_INPUT, GATE_FORGET, GATE_CELL, GATE_OUTPUT, GATES };

/* The cell in Q(frac) as tanh's argument in Q12. */
static int16_t cell_to_q12(int16_t cell, uint32_t frac)
{
    if (frac > 12u)
        return (int16_t)dogberry_round_shift(cell, frac - 12u);
    return dogberry_saturate16(cell * ((int32_t)1 << (12u - frac)));
}

/* pre[u] = the gate's argument in Q12 for rows first .. first + count - 1. */
static void gate(const dogberry_kernels *kernels, int16_t *pre, const dogberry_layer *layer, uint32_t first,
                 uint32_t count, const int8_t *x, const int8_t *h)
{
    int32_t input[DOGBERRY_CHUNK], recurrent[DOGBERRY_CHUNK];

    dogberry_project(kernels, input, &layer->input, first, count, x);
    dogberry_project(kernels, recurrent, &layer->recurrent, first, count, h);
    for (uint32_t u = 0; u < count; u++)
        pre[u] = dogberry_saturate16(input[u] + recurrent[u] + layer->bias[first + u]);
}

/* c = f c + i g, h = o tanh(c) for one unit. Returns the new h in Q0.7. */
static int8_t advance(int16_t *cell, uint32_t frac, int16_t pre[GATES][DOGBERRY_CHUNK], uint32_t u)
{
    int32_t in = dogberry_sigmoid(pre[GATE_INPUT][u]), forget = dogberry_sigmoid(pre[GATE_FORGET][u]);
    int32_t candidate = dogberry_tanh(pre[GATE_CELL][u]), out = dogberry_sigmoid(pre[GATE_OUTPUT][u]);
    int32_t added = dogberry_round_shift(in * candidate, 15u - frac);

    *cell = dogberry_saturate16(dogberry_round_shift(forget * *cell + added, 15));
    return dogberry_saturate8(dogberry_round_shift(out * dogberry_tanh(cell_to_q12(*cell, frac)), 23));
}

void dogberry_lstm_step(const dogberry_kernels *kernels, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                        const dogberry_state *state)
{
    for (uint32_t first = 0; first < hidden; first += DOGBERRY_CHUNK) {
        uint32_t count = hidden - first < DOGBERRY_CHUNK ? hidden - first : DOGBERRY_CHUNK;
        int16_t pre[GATES][DOGBERRY_CHUNK];

        for (uint32_t g = 0; g < GATES; g++)
            gate(kernels, pre[g], layer, g * hidden + first, count, x, state->output);
        for (uint32_t u = 0; u < count; u++)
            state->fresh[first + u] = advance(&state->cell[first + u], layer->cell_frac, pre, u);
    }
    dogberry_copy(state->output, state->fresh, hidden);
}

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

/* scratch[g * count + u] = gate g's argument in Q12, not yet saturated, of unit first + u. The gates' rows follow each
 * other, so all units' are one run of rows. */
static int sum_gates(const dogberry_work *work, const dogberry_layer *layer, uint32_t hidden, uint32_t first,
                     uint32_t count, const int8_t *x, const int8_t *h)
{
    uint32_t rows = count == hidden ? GATES * hidden : count;

    for (uint32_t at = 0, row = first; at < GATES * count; at += rows, row += hidden) {
        dogberry_product input = {&layer->input, row, rows, layer->bias + 2u * row, x, work->scratch + at, NULL, 0};
        int status = dogberry_project(work, &input);

        if (!dogberry_unread(status))
            status = dogberry_add_product(work, at, GATES * count, &layer->recurrent, row, rows, h);
        if (dogberry_unread(status))
            return status;
    }
    return DOGBERRY_OK;
}

/* c = f c + i g, h = o tanh(c) for one unit, whose gates' arguments are `count` apart. Returns the new h in Q0.7. */
static int8_t advance(int16_t *cell, uint32_t frac, const int32_t *sums, uint32_t count)
{
    int32_t in = dogberry_sigmoid(dogberry_saturate16(sums[GATE_INPUT * count]));
    int32_t forget = dogberry_sigmoid(dogberry_saturate16(sums[GATE_FORGET * count]));
    int32_t candidate = dogberry_tanh(dogberry_saturate16(sums[GATE_CELL * count]));
    int32_t out = dogberry_sigmoid(dogberry_saturate16(sums[GATE_OUTPUT * count]));
    int32_t added = dogberry_round_shift(in * candidate, 15u - frac);

    *cell = dogberry_saturate16(dogberry_round_shift(forget * *cell + added, 15));
    return dogberry_saturate8(dogberry_round_shift(out * dogberry_tanh(cell_to_q12(*cell, frac)), 23));
}

int dogberry_lstm_step(const dogberry_work *work, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                       const dogberry_state *state)
{
    uint32_t most = dogberry_units_at_once(work, hidden);

    for (uint32_t first = 0; first < hidden; first += most) {
        uint32_t count = hidden - first < most ? hidden - first : most;
        int status = sum_gates(work, layer, hidden, first, count, x, state->output);

        if (dogberry_unread(status))
            return status;
        for (uint32_t u = 0; u < count; u++)
            state->fresh[first + u] = advance(&state->cell[first + u], layer->cell_frac, work->scratch + u, count);
    }
    dogberry_copy(state->output, state->fresh, hidden);
    return DOGBERRY_OK;
}

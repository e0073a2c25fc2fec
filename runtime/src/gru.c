/*
 * Gated recurrent unit (Cho and others 2014; reset inside the product, as cuDNN and
 * PyTorch have it), in integers: docs/NUMERICS.md, "GRU".
 *
 * SPDX-License-Identifier: MIT
 */
#include "layers.h"
#include "rescale.h"
#include "tables.h"

/* Sums of a unit: arguments of two gates, and the two parts of the third's. */
enum { RESET, UPDATE, NEW, NEW_RECURRENT, SUMS };

/* scratch[s * count + u] = sum s of unit first + u in Q12, not yet saturated. The gates' rows follow each other, so all
 * units' are one run of rows. */
static int sum_gates(const dogberry_work *work, const dogberry_layer *layer, uint32_t hidden, uint32_t first,
                     uint32_t count, const int8_t *x, const int8_t *h)
{
    uint32_t whole = count == hidden, all = whole ? 3u * hidden : count, two = whole ? 2u * hidden : count;
    uint32_t last = NEW * hidden + first;
    int32_t *sums = work->scratch;
    int status = DOGBERRY_OK;

    for (uint32_t at = 0, row = first; at < 3u * count && !dogberry_unread(status); at += all, row += hidden) {
        dogberry_product input = {&layer->input, row, all, layer->bias + 2u * row, x, sums + at, NULL, 0};

        status = dogberry_project(work, &input);
    }
    for (uint32_t at = 0, row = first; at < 2u * count && !dogberry_unread(status); at += two, row += hidden)
        status = dogberry_add_product(work, at, SUMS * count, &layer->recurrent, row, two, h);
    if (dogberry_unread(status))
        return status;
    dogberry_product recurrent = {
        &layer->recurrent, last, count, layer->recurrent_bias + 2u * first, h, sums + NEW_RECURRENT * count, NULL, 0};

    return dogberry_project(work, &recurrent);
}

/* n = tanh(input + reset * recurrent), k = (1 - z) n + z k for one unit, whose sums are `count` apart.
 * Returns the new h in Q0.7. */
static int8_t advance(int16_t *kept, const int32_t *sums, uint32_t count)
{
    int32_t reset = dogberry_sigmoid(dogberry_saturate16(sums[RESET * count]));
    int32_t update = dogberry_sigmoid(dogberry_saturate16(sums[UPDATE * count]));
    int32_t inner = dogberry_round_shift(reset * dogberry_saturate16(sums[NEW_RECURRENT * count]), 15);
    int32_t fresh = dogberry_tanh(dogberry_saturate16(sums[NEW * count] + inner));

    *kept = dogberry_saturate16(dogberry_round_shift((32768 - update) * fresh + update * *kept, 15));
    return dogberry_saturate8(dogberry_round_shift(*kept, 8));
}

int dogberry_gru_step(const dogberry_work *work, const dogberry_layer *layer, uint32_t hidden, const int8_t *x,
                      const dogberry_state *state)
{
    uint32_t most = dogberry_units_at_once(work, hidden);

    for (uint32_t first = 0; first < hidden; first += most) {
        uint32_t count = hidden - first < most ? hidden - first : most;
        int status = sum_gates(work, layer, hidden, first, count, x, state->output);

        if (dogberry_unread(status))
            return status;
        for (uint32_t u = 0; u < count; u++)
            state->fresh[first + u] = advance(&state->cell[first + u], work->scratch + u, count);
    }
    dogberry_copy(state->output, state->fresh, hidden);
    return DOGBERRY_OK;
}

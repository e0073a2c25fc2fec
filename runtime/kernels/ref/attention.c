/*
 * What attention does for one head over all tokens, in plain C: the definition that every other set of kernels gives
 * the same bits as.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernels.h"
#include "tables.h"

enum { EXP_BITS = 24, HALVINGS_MAX = 25 };

int32_t dogberry_ref_scores_i8(int32_t *scores, const int32_t *query, const int8_t *keys, uint32_t stride,
                               uint32_t count, uint32_t width)
{
    int32_t most = INT32_MIN;

    for (uint32_t j = 0; j < count; j++, keys += stride) {
        int32_t sum = 0;

        for (uint32_t c = 0; c < width; c++)
            sum += query[c] * keys[c];
        scores[j] = sum;
        most = sum > most ? sum : most;
    }
    return most;
}

int32_t dogberry_ref_scores_i16(int32_t *scores, const int32_t *query, const int16_t *keys, uint32_t stride,
                                uint32_t count, uint32_t width)
{
    int32_t most = INT32_MIN;

    for (uint32_t j = 0; j < count; j++, keys += stride) {
        int32_t sum = 0;

        for (uint32_t c = 0; c < width; c++)
            sum += query[c] * keys[c];
        scores[j] = sum;
        most = sum > most ? sum : most;
    }
    return most;
}

uint32_t dogberry_ref_weigh(int32_t *scores, uint32_t count, int32_t most, uint32_t frac, uint32_t bits)
{
    uint32_t reach = (uint32_t)HALVINGS_MAX << frac, total = 0, drop = EXP_BITS - bits, half = 1u << (drop - 1u);

    for (uint32_t j = 0; j < count; j++) {
        uint32_t below = (uint32_t)most - (uint32_t)scores[j], weight = 0;

        if (below < reach)
            weight = (dogberry_exp2(below << (26u - frac)) + half) >> drop;
        scores[j] = (int32_t)weight;
        total += weight;
    }
    return total;
}

void dogberry_ref_mix_i8(int32_t *sums, const int32_t *weights, const int8_t *values, uint32_t stride, uint32_t count,
                         uint32_t width)
{
    for (uint32_t c = 0; c < width; c++) {
        const int8_t *value = values + c;
        int32_t sum = 0;

        for (uint32_t j = 0; j < count; j++, value += stride)
            sum += weights[j] * *value;
        sums[c] = sum;
    }
}

void dogberry_ref_share(void (*work)(void *context, uint32_t first, uint32_t items, uint32_t part), void *context,
                        uint32_t count)
{
    work(context, 0, count, 0);
}

const dogberry_transformer_kernels dogberry_ref_transformer = {
    dogberry_ref_scores_i8, dogberry_ref_scores_i16,  dogberry_ref_weigh, dogberry_ref_mix_i8,
    dogberry_ref_swiglu,    dogberry_ref_add_columns, dogberry_ref_share};

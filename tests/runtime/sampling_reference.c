/* SPDX-License-Identifier: MIT */
#include "sampling_reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

/* Ids that are not barred, the highest logit first, the lower of equals first. Returns how many. */
static uint32_t rank(uint32_t *order, const double *logits, const uint8_t *barred, uint32_t count)
{
    uint32_t ranked = 0;

    for (uint32_t id = 0; id < count; id++) {
        uint32_t at = ranked;

        if (barred && barred[id])
            continue;
        for (; at > 0 && logits[order[at - 1]] < logits[id]; at--)
            order[at] = order[at - 1];
        order[at] = id;
        ranked++;
    }
    return ranked;
}

void reference_keep(double *p, const double *logits, const uint8_t *barred, uint32_t count,
                    const dogberry_sampling *sampling)
{
    uint32_t *order = calloc(count, sizeof *order), ranked = rank(order, logits, barred, count), kept;
    double t = sampling->temperature / 1000.0, total = 0, sum = 0;

    for (uint32_t id = 0; id < count; id++)
        p[id] = 0;
    kept = sampling->top_k > 0 && sampling->top_k < ranked ? sampling->top_k : ranked;
    for (uint32_t i = 0; i < kept; i++) {
        double weight = exp((logits[order[i]] - logits[order[0]]) / t);

        if (weight < sampling->min_p / 1000.0)
            kept = i;
        else
            total += weight;
    }
    for (uint32_t i = 0; i < kept; i++) {
        p[order[i]] = exp((logits[order[i]] - logits[order[0]]) / t);
        sum += p[order[i]];
        if (sampling->top_p > 0 && sum >= total * sampling->top_p / 1000.0)
            break;
    }
    free(order);
}

void reference_normalize(double *p, uint32_t count)
{
    double sum = 0;

    for (uint32_t id = 0; id < count; id++)
        sum += p[id];
    for (uint32_t id = 0; id < count; id++)
        p[id] /= sum;
}

/* Wilson and Hilferty's approximation, at z = 5. */
double chi_square_bound(double degrees)
{
    double a = 2 / (9 * degrees);

    return degrees * pow(1 - a + 5 * sqrt(a), 3);
}

void check_counts(const char *what, const uint32_t *counts, const double *p, uint32_t count, uint32_t draws)
{
    double chi = 0, pooled = 0, pooled_expected = 0, degrees = -1;

    for (uint32_t id = 0; id < count; id++) {
        double expected = p[id] * draws;

        if (p[id] == 0 && counts[id] != 0)
            fail_msg("%s: %u came %u times and must not", what, id, counts[id]);
        if (expected < 10) {
            pooled += counts[id];
            pooled_expected += expected;
            continue;
        }
        chi += pow(counts[id] - expected, 2) / expected;
        degrees++;
    }
    if (pooled_expected > 10) {
        chi += pow(pooled - pooled_expected, 2) / pooled_expected;
        degrees++;
    } else {
        assert_true(pooled < 50);
    }
    print_message("%s: chi-square %.1f with %.0f degrees of freedom\n", what, chi, degrees);
    assert_true(degrees < 1 || chi < chi_square_bound(degrees));
}

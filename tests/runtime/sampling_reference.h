/*
 * Draws against a distribution: what sampling keeps, in double precision, and a chi-square test.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SAMPLING_REFERENCE_H
#define SAMPLING_REFERENCE_H

#include <stdint.h>

#include "dogberry.h"

/* p[i] [count] = exp(logits[i] / temperature) for what top-k, min-p and top-p keep of the ids that are not barred
 * (`barred` may be NULL), 0 for others; not normalized, but the greatest is 1. Logits in nats; temperature not 0.
 * By sorting and adding, as the definition reads. */
void reference_keep(double *p, const double *logits, const uint8_t *barred, uint32_t count,
                    const dogberry_sampling *sampling);

/* p[i] /= their sum. */
void reference_normalize(double *p, uint32_t count);

/* A chi-square's value that it exceeds with a probability of 3e-7. */
double chi_square_bound(double degrees);

/* Fails the test where counts[i] of `draws` draws are not of p (normalized): ids of probability 0 must not have
 * come, those expected less than ten times are pooled. */
void check_counts(const char *what, const uint32_t *counts, const double *p, uint32_t count, uint32_t draws);

#endif

/*
 * Rounding with error feedback: the columns of a row are rounded one after the other, and what rounding took from
 * one is made good in those that come after it, as far as the inputs of the product go together.
 *
 * Frantar, Ashkboos, Hoefler and Alistarh, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
 * Transformers", 2022. The error of a row w rounded to v is (w - v)^T H (w - v), where H holds the inputs' second
 * moments; with the Cholesky factor of H's inverse each column's best correction of the rest is one row of that factor.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_PACK_GPTQ_H
#define DB_PACK_GPTQ_H

#include <stdint.h>

typedef struct {
    uint32_t cols;
    double *moments; /* [cols][cols] H, damped */
    double *factor;  /* [cols][cols] upper triangle U with U^T U = H^-1, rows divided by their diagonal */
} db_gptq;

/* For inputs with these second moments [cols][cols] (symmetric, positive semi-definite). A hundredth of the mean of
 * their diagonal is added to it, so that inputs which never moved are no reason for wild corrections.
 * Free with db_gptq_free(). */
void db_gptq_make(db_gptq *out, const double *moments, uint32_t cols);

void db_gptq_free(db_gptq *gptq);

/* weights [cols] = whole numbers least..most, such that sum weights[c] * steps[c] is close to sum values[c] for inputs
 * like those of `gptq`; a step of 0 makes a weight of 0. `scratch` [cols]. */
void db_gptq_round(const db_gptq *gptq, const float *values, const double *steps, int least, int most, int8_t *weights,
                   double *scratch);

/* Goes over the weights again and again and moves each by whole steps where that makes the error less, until none does
 * (at most `passes` times). `scratch` [cols]. */
void db_gptq_refine(const db_gptq *gptq, const float *values, const double *steps, int least, int most, int passes,
                    int8_t *weights, double *scratch);

/* The factor f with which the weights times f times steps come closest. `*error`: the error left with it.
 * Returns f, 1 where all weights are 0. `scratch` [cols]. */
double db_gptq_fit(const db_gptq *gptq, const float *values, const double *steps, const int8_t *weights, double *error,
                   double *scratch);

#endif

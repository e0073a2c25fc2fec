/*
 * A whole model over windows of text: embedding, recurrent or transformer layers, output; forward and
 * backward. A db_pass holds everything that one thread needs for its streams: activations,
 * scratch and the state carried from window to window. Parameters and gradients are flat
 * arrays laid out by nn/config.h, owned by the caller.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_NN_MODEL_H
#define DB_NN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/config.h"
#include "nn/dropout.h"
#include "nn/real.h"
#include "nn/rounding.h"

typedef struct db_pass db_pass;

/* A window of text, arrays [steps][streams of the pass]. */
typedef struct {
    uint32_t steps;          /* 1 .. the pass's window */
    const uint16_t *inputs;  /* < V */
    const uint16_t *targets; /* < V */
    const uint8_t *resets;   /* 1: the state is zero before this input */
} db_window;

/* A pass for `streams` streams and windows of at most `window` steps, at zero state. `config` is checked.
 * With `half` losses and gradients are computed at half precision (needs db_linear_has_half()), steps never. The
 * caller frees it with db_pass_free(). Never returns NULL. */
db_pass *db_pass_new(const db_model_config *config, uint32_t streams, uint32_t window, bool half);
void db_pass_free(db_pass *pass);

/* The carried state, for checkpoints: db_pass_state_count() reals. Gradients of a transformer carry nothing: count 0.
 */
size_t db_pass_state_count(const db_pass *pass);
void db_pass_get_state(const db_pass *pass, real *state);
void db_pass_set_state(db_pass *pass, const real *state);
void db_pass_zero_state(db_pass *pass);

/* For quantization-aware training: from here on activations are rounded as the integer runtime has them, gradients are
 * as if they were not (nn/rounding.h). `rounding` is the caller's and outlives the pass; NULL: no rounding. */
void db_pass_round_activations(db_pass *pass, const db_activation_rounding *rounding);

/* Runs a window and carries the state on (a transformer: keys and values, nn/transformer.h). nats [steps][streams] or
 * NULL: each target's loss. Returns the sum of -ln p(target). */
double db_pass_loss(db_pass *pass, const real *parameters, const db_window *window, float *nats);

/* The same with dropout (a transformer: from the window alone, neither seeing nor keeping others; masks from `noise`
 * alone), and gradient [layout.parameters] is overwritten with that of scale * sum. Returns the sum of -ln p(target),
 * without the scale. */
double db_pass_gradient(db_pass *pass, const real *parameters, const db_window *window, const db_dropout *dropout,
                        uint64_t noise, real scale, real *gradient);

/* The same for another window at the parameters of the call before, which must not have changed: its gradient is added
 * to what is there. */
double db_pass_gradient_add(db_pass *pass, const real *parameters, const db_window *window, const db_dropout *dropout,
                            uint64_t noise, real scale, real *gradient);

/* One step of generation: inputs [streams], and logits [streams][V] that softmax turns into the probabilities of
 * the next token. (Factored output: ln p of each token.) */
void db_pass_step(db_pass *pass, const real *parameters, const uint16_t *inputs, real *logits);

#endif

/*
 * Training: token arrays in, weights out.
 *
 *     db_train_options options;
 *     db_train_defaults(&options, &config, train.count);
 *     options.minutes = 20;
 *     db_train_initialize(&config, options.seed, parameters);
 *     db_train_run(&config, parameters, &train, &validation, &options, &callbacks, &result, &error);
 *
 * Same options, seed, threads and machine kind: the same weights, bit for bit. Time enters
 * only with `minutes`: there the number of steps is fixed while the rate is still constant, so
 * that the same run can be had again with `steps = result.steps`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_TRAIN_H
#define DB_TRAIN_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "nn/config.h"
#include "nn/rounding.h"
#include "train/batches.h"

enum db_schedule {
    DB_SCHEDULE_COSINE = 0,   /* warm-up, then half a cosine down to zero */
    DB_SCHEDULE_TRAPEZOID = 1 /* warm-up, constant, then linearly down to zero */
};

/* Quantization-aware training (Jacob et al., "Quantization and Training of Neural Networks for Efficient
 * Integer-Arithmetic-Only Inference", 2018): all passes, those of evaluations too, see rounded weights and activations,
 * and the gradient by these moves the weights themselves. */
typedef struct {
    void *user;
    /* rounded [layout.parameters] = what an image keeps of `parameters`. Called by one thread at a time. */
    void (*round)(void *user, const float *parameters, float *rounded);
    /* Moves weights half-way between what they may be rounded to by `most` to what they are rounded to, nearer ones by
     * less; those that are cut off stay. As `round`. */
    void (*settle)(void *user, float *parameters, float most);
    /* Measures what activations are rounded to anew, as the image will have it; NULL: that stays. Called whenever a
     * snapshot is taken or gone back to, so that it follows from the snapshot. As `round`. */
    void (*refresh)(void *user, const float *parameters);
    const db_activation_rounding *activations; /* the caller's; NULL: they are left alone */
    const char *description;                   /* of the rounding, in checkpoints */
} db_train_rounding;

typedef struct {
    /* How long. Whichever is reached first ends the run; 0 = no such limit. One must be set. */
    double epochs;
    double minutes; /* of wall clock, evaluations included; trapezoid schedule only */
    uint64_t steps;

    uint32_t threads; /* 1..64; part of what makes a run repeatable */
    uint64_t seed;
    uint32_t batch;  /* streams in all; rounded down to a multiple of threads, and fewer for short texts */
    uint32_t window; /* targets per stream and step, 1..1024 */
    bool half;       /* multiply in bfloat16; sums, weights and evaluation stay float. Needs a CPU that can, see
                        db_linear_has_half(), and is about twice as fast there */

    double learning_rate; /* the highest */
    uint32_t warmup;      /* steps */
    uint32_t schedule;    /* enum db_schedule */
    double decay;         /* trapezoid: share of the run spent going down, 0..1 */
    double beta1, beta2;  /* Adam's */
    double epsilon;
    double weight_decay; /* decoupled, times the rate; matrices only */
    double clip;         /* the gradient's global norm, per-token mean loss; 0 = off */
    double average;      /* decay of the moving average of weights; 0 = off */

    /* Shares dropped, 0..0.9; see nn/dropout.h. */
    double drop_embedding; /* whole words out of the embedding table */
    double drop_input;     /* embedded inputs, same mask over a window */
    double drop_hidden;    /* between layers, same mask over a window; transformers: what a layer's parts add */
    double drop_output;    /* last layer's output, same mask over a window */
    double drop_recurrent; /* recurrent weights */
    double drop_attention; /* values that attention looks at; transformers only */

    const db_train_rounding *rounding; /* NULL = none; all losses are then with rounding on */
    double pull; /* with rounding: times learning_rate, how far a weight half-way between two whole numbers moves in
                    every step (rounding->settle): driven there by the gradient it would swing from one to the other for
                    ever. Below 1, so that a gradient that means it is stronger, whatever the weight's size; and it does
                    not go down with the rate, so that at the end weights come to rest */

    uint32_t patience; /* evaluations without a better validation loss before stopping; 0 = off */

    /* Files; none of these changes the weights. */
    const char *folder;        /* gets history.jsonl, curve.svg, checkpoint.bin; NULL = none */
    bool resume;               /* go on from folder's checkpoint.bin, where there is one */
    double checkpoint_seconds; /* least time between two checkpoints; 0 = every snapshot; negative = none */
    uint32_t snapshot_steps;   /* the last good state is kept every so many steps */
} db_train_options;

/* Fills in what measured best for models like `config` on texts of about `tokens` tokens.
 * No limit is set: the caller sets epochs, minutes or steps. */
void db_train_defaults(db_train_options *options, const db_model_config *config, size_t tokens);

/* Returns 0, or -1 with the error set, naming the option that is out of range. */
int db_train_options_check(const db_train_options *options, db_error *error);

/* What is known at a moment of training. Losses are nats per token. */
typedef struct {
    double epoch;            /* passes over the text so far, with fraction */
    uint64_t step, steps;    /* done, and in all as far as known now */
    uint64_t words;          /* targets trained on */
    double words_per_second; /* over the last few seconds, evaluations left out */
    double train_loss;       /* smoothed; with dropout on */
    double validation_loss;  /* the last one; NaN before the first. At half precision to about 0.001; the
                                result's best_loss is exact */
    double best_loss;        /* the lowest validation loss; NaN before the first */
    uint64_t best_step;
    double learning_rate;
    double elapsed, remaining; /* seconds; elapsed counts earlier parts of a resumed run */
} db_train_progress;

typedef struct {
    void *user;
    /* About four times a second. Nonzero stops the run after this step (Ctrl-C): the best weights
     * are returned, and a checkpoint is written to resume from. NULL = none. */
    int (*progress)(void *user, const db_train_progress *progress);
    /* After each evaluation; parameters as they would be kept, for a sample. NULL = none. */
    void (*evaluated)(void *user, const db_train_progress *progress, const float *parameters);
    /* One line on something worth saying: rolled back, overfits, re-planned. NULL = none. */
    void (*note)(void *user, const char *line);
} db_train_callbacks;

enum db_train_end {
    DB_TRAIN_DONE = 0,     /* the limit was reached */
    DB_TRAIN_PATIENCE = 1, /* validation loss no longer fell */
    DB_TRAIN_STOPPED = 2,  /* the progress callback said so */
    DB_TRAIN_DIVERGED = 3  /* not a number again and again; best weights so far */
};

typedef struct {
    uint32_t end;           /* enum db_train_end */
    db_train_progress last; /* at the end; best_loss is that of the weights returned */
    uint64_t steps;         /* give this as `steps` (with minutes = 0) to repeat a run by minutes */
    bool repeatable;        /* false if the plan had to change while the rate was going down */
    bool averaged;          /* the weights returned are the moving average */
    uint32_t rollbacks;
    double seconds;          /* wall clock */
    double training_seconds; /* of these, without evaluations and files */
} db_train_result;

/* Fills parameters [layout.parameters] with the usual random start: from `seed` alone. */
void db_train_initialize(const db_model_config *config, uint64_t seed, float *parameters);

/* Trains `parameters` in place; on return they are the best by validation loss. `validation` may have
 * count 0: then there is no early stopping and the last weights are kept.
 * Memory: about 24 bytes a parameter and thread + activations; all freed at the end.
 * Returns 0 with `result` filled in, or -1 with the error set (text too short, options, folder). What cannot be
 * written later on is told by a note; training goes on. */
int db_train_run(const db_model_config *config, float *parameters, const db_sequence *train,
                 const db_sequence *validation, const db_train_options *options, const db_train_callbacks *callbacks,
                 db_train_result *result, db_error *error);

/* Removes a folder's checkpoint.bin: call it when the finished weights are safely stored. */
void db_train_forget(const char *folder);

/* One passage from the float model, for samples: starts at zero state with start_token, then the prompt,
 * then draws up to `limit` ids at `temperature` (> 0), never `banned` (DOGBERRY_NO_TOKEN: none), until
 * end_token has been drawn (it is not written).
 * Returns how many ids were written to `out` [limit]. */
size_t db_train_sample(const db_model_config *config, const float *parameters, const db_sequence *special,
                       uint16_t banned, const uint16_t *prompt, size_t prompt_count, double temperature, uint64_t seed,
                       uint16_t *out, size_t limit);

#endif

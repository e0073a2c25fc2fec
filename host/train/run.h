/*
 * The insides of a training run, shared by the files of this folder and nobody else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DB_TRAIN_RUN_H
#define DB_TRAIN_RUN_H

#include "nn/model.h"
#include "train/history.h"
#include "train/optimizer.h"
#include "train/train.h"

/* Everything beside the arrays that decides how a run goes on. Only 8-byte members, so that it can be
 * written to a file as it is. */
typedef struct {
    uint64_t step, words;   /* done */
    uint64_t epoch, window; /* the next window */
    uint64_t steps;         /* in all; 0: not known yet */
    uint64_t decay_start;   /* trapezoid: the step at which the rate starts down, once steps is known */
    uint64_t replanned;     /* the plan changed after decay_start */
    double rate_factor;     /* halved by each rollback */
    uint64_t rollbacks;
    uint64_t stuck;       /* rollbacks since the last snapshot */
    double smoothed_loss; /* NaN at first */
    double interval_nats; /* since the last evaluation */
    uint64_t interval_words;
    double validation_loss, best_loss;
    uint64_t best_step, best_averaged, waits;
    double elapsed, training_seconds, evaluation_seconds; /* the last: of one evaluation */
    uint64_t ended, end;                                  /* enum db_train_end */
} db_run_state;

/* All floats of a run in one piece, for copying at once. */
typedef struct {
    float *memory;
    size_t count;
    float *parameters, *first, *second, *average, *best; /* average NULL when off */
    float *carried;                                      /* [threads][state of a pass] */
} db_run_arrays;

typedef struct {
    db_pass *pass;
    float *gradient;
    uint16_t *inputs, *targets;
    uint8_t *resets;
    double nats;
} db_shard;

typedef struct {
    const db_model_config *config;
    const db_train_options *options;
    const db_train_callbacks *callbacks;
    const db_sequence *train, *validation;
    db_layout layout;
    db_epoch_plan plan;

    db_run_state state, kept_state; /* kept: the last good ones */
    db_run_arrays arrays, kept;
    db_history history;

    db_shard *shards;  /* [threads] */
    float **gradients; /* [threads] the shards' */
    db_block *blocks;
    double *squares; /* [block_count] */
    float *rounded;  /* [parameters]; NULL without rounding */
    size_t block_count;

    char *checkpoint_path, *history_path, *curve_path;              /* NULL without a folder */
    double started, elapsed_before, last_checkpoint, last_progress; /* seconds */
    double speed_mark, speed;                                       /* words per second */
    uint64_t speed_words;
} db_run;

/* ---- train.c ---- */

/* Tells the caller one line, as printf. */
void db_run_note(const db_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- duration.c ---- */

/* Returns the limit by epochs and steps; 0: none. */
uint64_t db_run_step_limit(const db_run *run);

/* The run takes so many steps (0: not known yet), and the rate goes down at its place among them. */
void db_run_fix_steps(db_run *run, uint64_t steps);

/* Returns how many steps the minutes allow at the speed so far, the last evaluation reserved; 0: too early to say. */
uint64_t db_run_steps_by_minutes(const db_run *run);

/* With minutes, after each step: fixes the steps, or makes them fewer. */
void db_run_plan_by_minutes(db_run *run);

/* Returns the rate of the next step. */
double db_run_learning_rate(const db_run *run);

/* Early stopping, after an evaluation. With the trapezoid the rate goes down first, which is where most of the gain
 * is. */
void db_run_lose_patience(db_run *run);

/* ---- step.c ---- */

void db_run_shards_make(db_run *run);
void db_run_shards_free(db_run *run);

/* One update from the next window, at learning rate `rate`; the window's loss is added up in `*nats`.
 * Returns its number of targets, or 0 where loss or gradient were not finite; then nothing was updated. */
size_t db_run_step(db_run *run, double rate, double *nats);

/* What passes are to see of `parameters`: what is left of them after rounding (in run->rounded, until the next call),
 * or themselves where the run does not round. */
const float *db_run_rounded(db_run *run, const float *parameters);

/* ---- options.c ---- */

/* Everything that the weights depend on, a line "name = value" each; the caller frees it. */
char *db_run_describe(const db_run *run);

/* ---- checkpoint.c ---- */

/* Writes the kept state and arrays, and the history. Returns 0, or -1 with the error set. */
int db_checkpoint_write(const db_run *run, db_error *error);

/* Reads a checkpoint into run->state, run->arrays and run->history, if it is one of the very same run.
 * Returns 1, 0 where there is none, or -1 with the error set: damaged, or an option has changed. */
int db_checkpoint_read(db_run *run, db_error *error);

#endif

/*
 * The training loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "nn/linear.h"
#include "train/diagnose.h"
#include "train/evaluate.h"
#include "train/run.h"

/* An evaluation is made at an epoch's end if this many times its words were trained on since the last. */
enum { TRAIN_PER_EVALUATION = 4, ROLLBACKS_MAX = 10 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void db_run_note(const db_run *run, const char *format, ...)
{
    char line[DB_DIAGNOSIS_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (run->callbacks->note != NULL) {
        run->callbacks->note(run->callbacks->user, line);
    }
}

/* ---- Memory ---- */

static void arrays_make(db_run_arrays *arrays, size_t parameters, size_t carried, bool average)
{
    arrays->count = parameters * (average ? 5 : 4) + carried;
    arrays->memory = db_allocate(arrays->count * sizeof(float));
    arrays->parameters = arrays->memory;
    arrays->first = arrays->parameters + parameters;
    arrays->second = arrays->first + parameters;
    arrays->best = arrays->second + parameters;
    arrays->average = average ? arrays->best + parameters : NULL;
    arrays->carried = arrays->memory + arrays->count - carried;
}

static void get_carried(db_run *run)
{
    const size_t count = db_pass_state_count(run->shards[0].pass);
    for (uint32_t s = 0; s < run->options->threads; s++) {
        db_pass_get_state(run->shards[s].pass, run->arrays.carried + s * count);
    }
}

static void set_carried(db_run *run)
{
    const size_t count = db_pass_state_count(run->shards[0].pass);
    for (uint32_t s = 0; s < run->options->threads; s++) {
        db_pass_set_state(run->shards[s].pass, run->arrays.carried + s * count);
    }
}

static void refresh_rounding(db_run *run)
{
    const db_train_rounding *rounding = run->options->rounding;
    if (rounding != NULL && rounding->refresh != NULL) {
        rounding->refresh(rounding->user, run->arrays.parameters);
    }
}

static void take_snapshot(db_run *run)
{
    get_carried(run);
    run->state.stuck = 0;
    run->kept_state = run->state;
    memcpy(run->kept.memory, run->arrays.memory, run->arrays.count * sizeof(float));
    refresh_rounding(run);
}

/* ---- Time ---- */

static void update_clock(db_run *run)
{
    run->state.elapsed = run->elapsed_before + now() - run->started;
}

/* ---- Reports ---- */

static double remaining_seconds(const db_run *run)
{
    const db_run_state *s = &run->state;
    if (s->steps > 0 && s->step > 0) {
        return s->elapsed / (double)s->step * (double)(s->steps - s->step) + s->evaluation_seconds;
    }
    return run->options->minutes > 0 ? fmax(run->options->minutes * 60 - s->elapsed, 0) : NAN;
}

static db_train_progress progress_of(const db_run *run)
{
    const db_run_state *s = &run->state;
    const uint64_t steps = s->steps > 0 ? s->steps : db_run_steps_by_minutes(run);
    return (db_train_progress){
        .epoch = (double)s->epoch + (double)s->window / run->plan.windows,
        .step = s->step,
        .steps = steps,
        .words = s->words,
        .words_per_second = run->speed,
        .train_loss = s->smoothed_loss,
        .validation_loss = s->validation_loss,
        .best_loss = s->best_loss,
        .best_step = s->best_step,
        .learning_rate = db_run_learning_rate(run),
        .elapsed = s->elapsed,
        .remaining = remaining_seconds(run),
    };
}

/* Returns nonzero if the caller wants to stop. */
static int report_progress(db_run *run)
{
    const double time = now();
    if (time - run->last_progress < 0.25) {
        return 0;
    }
    run->last_progress = time;
    if (time - run->speed_mark > 2 || run->speed == 0) {
        run->speed = (double)(run->state.words - run->speed_words) / (time - run->speed_mark);
        run->speed_mark = time;
        run->speed_words = run->state.words;
    }
    if (run->callbacks->progress == NULL) {
        return 0;
    }
    const db_train_progress progress = progress_of(run);
    return run->callbacks->progress(run->callbacks->user, &progress);
}

/* Time spent on anything else does not count for words per second. */
static void skip_time(db_run *run, double seconds)
{
    run->speed_mark += seconds;
}

/* ---- Evaluation ---- */

static bool keep_if_best(db_run *run, double loss, const float *parameters, bool averaged)
{
    db_run_state *s = &run->state;
    if (!(loss < s->best_loss) && isfinite(s->best_loss)) {
        return false;
    }
    memcpy(run->arrays.best, parameters, run->layout.parameters * sizeof(float));
    s->best_loss = loss;
    s->best_step = s->step;
    s->best_averaged = averaged;
    return true;
}

static double validation_loss(db_run *run, const float *parameters, bool exactly)
{
    const uint32_t threads = run->options->threads;
    const db_train_rounding *rounding = run->options->rounding;
    if (rounding != NULL) {
        const db_loss rounded = db_evaluate_rounded(run->config, db_run_rounded(run, parameters), rounding->activations,
                                                    run->validation, threads, run->options->half && !exactly);
        return rounded.nats / (double)rounded.tokens;
    }
    const db_loss loss = exactly || !run->options->half
                             ? db_evaluate(run->config, parameters, run->validation, threads, NULL)
                             : db_evaluate_quickly(run->config, parameters, run->validation, threads);
    return loss.nats / (double)loss.tokens;
}

/* A file that cannot be written (disk full) is no reason to lose the run: it is said, and tried again next time. */
static void write_history(const db_run *run)
{
    db_error error;
    if (run->history_path == NULL) {
        return;
    }
    if (db_history_write(&run->history, run->history_path, &error) ||
        db_curve_write(&run->history, run->curve_path, &error)) {
        db_run_note(run, "training goes on without: %s", error.message);
    }
}

/* Validation of the weights as they would be kept: the average where there is one; at the end of the run the plain
 * ones too. */
static bool validate(db_run *run, bool last)
{
    db_run_state *s = &run->state;
    const bool averaged = run->arrays.average != NULL;
    const float *kept = averaged ? run->arrays.average : run->arrays.parameters;
    if (run->validation->count == 0) {
        s->best_loss = NAN;
        return keep_if_best(run, NAN, kept, averaged);
    }
    const double start = now();
    s->validation_loss = validation_loss(run, kept, false);
    s->evaluation_seconds = now() - start;
    bool better = keep_if_best(run, s->validation_loss, kept, averaged);
    if (last && averaged) {
        const double plain = validation_loss(run, run->arrays.parameters, false);
        if (keep_if_best(run, plain, run->arrays.parameters, false)) {
            s->validation_loss = plain;
            better = true;
        }
    }
    return better;
}

/* Evaluates, records, tells the caller. */
static void evaluate(db_run *run, bool last)
{
    db_run_state *s = &run->state;
    const double start = now();
    s->waits = validate(run, last) ? 0 : s->waits + 1;
    update_clock(run);
    const double epoch = (double)s->epoch + (double)s->window / run->plan.windows;
    const db_history_record record = {
        .step = s->step,
        .words = s->words,
        .epoch = epoch,
        .seconds = s->elapsed,
        .train_loss = s->interval_words > 0 ? s->interval_nats / (double)s->interval_words : NAN,
        .validation_loss = s->validation_loss,
        .learning_rate = db_run_learning_rate(run),
        .words_per_second = s->training_seconds > 0 ? (double)s->words / s->training_seconds : NAN,
    };
    db_history_add(&run->history, &record);
    s->interval_nats = 0;
    s->interval_words = 0;
    if (run->callbacks->evaluated != NULL) {
        const db_train_progress progress = progress_of(run);
        const float *kept = run->arrays.average != NULL ? run->arrays.average : run->arrays.parameters;
        run->callbacks->evaluated(run->callbacks->user, &progress, kept);
    }
    skip_time(run, now() - start);
    write_history(run);
}

/* ---- Steps ---- */

static void roll_back(db_run *run)
{
    const db_run_state before = run->state;
    run->state = run->kept_state;
    run->state.rate_factor = before.rate_factor / 2;
    run->state.rollbacks = before.rollbacks + 1;
    run->state.stuck = before.stuck + 1;
    memcpy(run->arrays.memory, run->kept.memory, run->arrays.count * sizeof(float));
    set_carried(run);
    refresh_rounding(run);
    db_run_note(run, "the loss is no longer a number: back to step %" PRIu64 ", learning rate halved", run->state.step);
}

static void count_step(db_run *run, size_t words, double nats)
{
    db_run_state *s = &run->state;
    const double loss = nats / (double)words;
    s->smoothed_loss = isfinite(s->smoothed_loss) ? 0.98 * s->smoothed_loss + 0.02 * loss : loss;
    s->interval_nats += nats;
    s->interval_words += words;
    s->words += words;
    s->step++;
    if (++s->window == run->plan.windows) {
        s->window = 0;
        s->epoch++;
    }
}

static void write_checkpoint(db_run *run, bool due)
{
    db_error error;
    if (run->checkpoint_path == NULL || run->options->checkpoint_seconds < 0) {
        return;
    }
    const double start = now();
    if (!due && start - run->last_checkpoint < run->options->checkpoint_seconds) {
        return;
    }
    run->kept_state.elapsed = run->elapsed_before + start - run->started;
    if (db_checkpoint_write(run, &error)) {
        db_run_note(run, "training goes on, resuming would start from an older checkpoint: %s", error.message);
    }
    run->last_checkpoint = now();
    skip_time(run, run->last_checkpoint - start);
}

/* After a good step: evaluation, snapshot, checkpoint, as they are due. */
static void after_step(db_run *run)
{
    db_run_state *s = &run->state;
    const bool last = s->steps > 0 && s->step >= s->steps;
    const bool enough = s->interval_words >= TRAIN_PER_EVALUATION * (uint64_t)run->validation->count;
    const bool evaluates = last || (s->window == 0 && enough);
    if (evaluates) {
        evaluate(run, last);
        db_run_lose_patience(run);
    }
    if (last) {
        s->ended = 1;
        s->end = DB_TRAIN_DONE;
    }
    if (evaluates || s->step % run->options->snapshot_steps == 0) {
        take_snapshot(run);
        write_checkpoint(run, s->ended);
    }
}

static void one_step(db_run *run)
{
    double nats;
    const double start = now();
    const size_t words = db_run_step(run, db_run_learning_rate(run), &nats);
    run->state.training_seconds += now() - start;
    update_clock(run);
    if (words == 0) {
        if (run->state.stuck >= ROLLBACKS_MAX) {
            db_run_note(run, "the loss is never a number: giving up");
            run->state.ended = 1;
            run->state.end = DB_TRAIN_DIVERGED;
        } else {
            roll_back(run);
        }
        return;
    }
    count_step(run, words, nats);
    if (run->options->minutes > 0) {
        db_run_plan_by_minutes(run);
    }
    after_step(run);
}

/* ---- Begin and end ---- */

static int make_paths(db_run *run, db_error *error)
{
    if (run->options->folder == NULL) {
        return 0;
    }
    run->checkpoint_path = db_path_join(run->options->folder, "checkpoint.bin");
    run->history_path = db_path_join(run->options->folder, "history.jsonl");
    run->curve_path = db_path_join(run->options->folder, "curve.svg");
    return db_make_folder(run->options->folder, error);
}

static int check_text(const db_model_config *config, const char *which, const db_sequence *text, db_error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        if (text->ids[i] >= config->vocab) {
            return db_fail(error, "%s text: token %u at %zu is outside the vocabulary of %u", which, text->ids[i], i,
                           config->vocab);
        }
    }
    if (text->start_token >= config->vocab) {
        return db_fail(error, "%s text: start token %u is outside the vocabulary of %u", which, text->start_token,
                       config->vocab);
    }
    return 0;
}

static int check(const db_run *run, db_error *error)
{
    const size_t least = 8 * (size_t)run->options->threads;
    if (db_model_config_check(run->config, error) || db_train_options_check(run->options, error) ||
        check_text(run->config, "training", run->train, error) ||
        (run->validation->count > 0 && check_text(run->config, "validation", run->validation, error))) {
        return -1;
    }
    if (run->train->count < least) {
        return db_fail(error, "training text: %zu tokens are too few; %zu would be enough to start", run->train->count,
                       least);
    }
    return 0;
}

static void begin(db_run *run, const float *parameters)
{
    run->state = (db_run_state){.rate_factor = 1, .smoothed_loss = NAN, .validation_loss = NAN, .best_loss = NAN};
    memcpy(run->arrays.parameters, parameters, run->layout.parameters * sizeof(float));
    memcpy(run->arrays.best, parameters, run->layout.parameters * sizeof(float));
    if (run->arrays.average != NULL) {
        memcpy(run->arrays.average, parameters, run->layout.parameters * sizeof(float));
    }
    if (run->options->minutes == 0) {
        db_run_fix_steps(run, db_run_step_limit(run));
    }
}

static int prepare(db_run *run, const float *parameters, db_error *error)
{
    const db_train_options *o = run->options;
    if (make_paths(run, error)) {
        return -1;
    }
    db_layout_make(&run->layout, run->config);
    db_epoch_plan_make(&run->plan, run->train->count, o->batch, o->window, o->threads);
    db_run_shards_make(run);
    const size_t carried = o->threads * db_pass_state_count(run->shards[0].pass);
    arrays_make(&run->arrays, run->layout.parameters, carried, o->average > 0);
    arrays_make(&run->kept, run->layout.parameters, carried, o->average > 0);
    begin(run, parameters);
    const int resumed = o->resume && run->checkpoint_path != NULL ? db_checkpoint_read(run, error) : 0;
    if (resumed < 0) {
        return -1;
    }
    if (resumed) {
        set_carried(run);
        db_run_note(run, "going on from step %" PRIu64, run->state.step);
    }
    char line[DB_DIAGNOSIS_LINE];
    db_diagnose_text(run->config, run->train->count, line);
    if (line[0] != '\0' && !resumed) {
        db_run_note(run, "%s", line);
    }
    take_snapshot(run);
    run->started = run->last_checkpoint = run->speed_mark = now();
    run->elapsed_before = run->state.elapsed;
    run->speed_words = run->state.words;
    return 0;
}

static void loop(db_run *run)
{
    while (!run->state.ended) {
        one_step(run);
        if (!run->state.ended && report_progress(run)) {
            run->state.end = DB_TRAIN_STOPPED;
            write_checkpoint(run, true);
            return;
        }
    }
}

static void diagnose(const db_run *run)
{
    char line[DB_DIAGNOSIS_LINE];
    db_diagnose_history(&run->history, line);
    if (line[0] != '\0') {
        db_run_note(run, "%s", line);
    }
}

/* The best weights, or those of now where nothing has been evaluated yet. */
static void finish(db_run *run, float *parameters, db_train_result *result)
{
    db_run_state *s = &run->state;
    const bool evaluated = run->history.count > 0;
    if (evaluated && run->options->half && run->validation->count > 0) {
        s->best_loss = validation_loss(run, run->arrays.best, true);
        update_clock(run);
    }
    const float *current = run->arrays.average != NULL ? run->arrays.average : run->arrays.parameters;
    memcpy(parameters, evaluated ? run->arrays.best : current, run->layout.parameters * sizeof(float));
    *result = (db_train_result){.end = (uint32_t)s->end,
                                .last = progress_of(run),
                                .steps = s->step,
                                .repeatable = !s->replanned,
                                .averaged = evaluated ? s->best_averaged : run->arrays.average != NULL,
                                .rollbacks = (uint32_t)s->rollbacks,
                                .seconds = s->elapsed,
                                .training_seconds = s->training_seconds};
}

static void release(db_run *run)
{
    db_run_shards_free(run);
    free(run->arrays.memory);
    free(run->kept.memory);
    free(run->checkpoint_path);
    free(run->history_path);
    free(run->curve_path);
    db_history_free(&run->history);
}

int db_train_run(const db_model_config *config, float *parameters, const db_sequence *train,
                 const db_sequence *validation, const db_train_options *options, const db_train_callbacks *callbacks,
                 db_train_result *result, db_error *error)
{
    static const db_train_callbacks silent = {NULL, NULL, NULL, NULL};
    db_run *run = db_allocate(sizeof *run);
    run->config = config;
    run->options = options;
    run->callbacks = callbacks != NULL ? callbacks : &silent;
    run->train = train;
    run->validation = validation;
    int status = check(run, error);
    if (status == 0) {
        const int before = db_linear_set_threads(1);
        status = prepare(run, parameters, error);
        if (status == 0) {
            loop(run);
            diagnose(run);
            finish(run, parameters, result);
        }
        db_linear_set_threads(before);
    }
    release(run);
    free(run);
    return status;
}

void db_train_forget(const char *folder)
{
    char *path = db_path_join(folder, "checkpoint.bin");
    remove(path);
    free(path);
}

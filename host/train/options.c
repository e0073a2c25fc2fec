/*
 * Options of a run: defaults, ranges, and a description to compare runs by.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/linear.h"
#include "train/run.h"

/* Steps before the rate is at its highest, an epoch at most; tokens to a stream at the least. */
enum { WARMUP = 200, WINDOW = 32, BATCH_TOKENS = 8192, WINDOW_MOST = 1024, STEP_TOKENS = 4096 };

/* Below so many weights to a token of the text less dropout is better. */
#define WEIGHTS_A_TOKEN 0.5

/* A transformer learns from each window by itself, twice as long as its context: in the second half of it older tokens
 * have been dropped, as they will be for all but the shortest texts. The wider, the smaller its steps: rates were
 * measured at widths of 8, 18 and 32. */
static void transformer_defaults(db_train_options *options, const db_model_config *config)
{
    options->window = 2 * config->context < WINDOW_MOST ? 2 * config->context : WINDOW_MOST;
    while (options->batch > 8 && options->batch * options->window > STEP_TOKENS)
        options->batch /= 2;
    options->learning_rate = fmin(0.06, 0.8 / config->embedding);
    options->weight_decay = 0.1;
    options->clip = 1;
}

/* What a recurrent model is kept from learning by heart with. One with few weights for its text cannot, and only learns
 * more slowly: bench/defaults.sh, docs/BENCHMARKS.md. */
static void dropout_defaults(db_train_options *options, const db_model_config *config, size_t tokens)
{
    const bool few = (double)db_model_config_trained(config) < WEIGHTS_A_TOKEN * (double)tokens;
    options->drop_input = few ? 0.05 : 0.1;
    options->drop_output = few ? 0.2 : 0.4;
    options->drop_recurrent = few ? 0.15 : 0.3;
}

void db_train_defaults(db_train_options *options, const db_model_config *config, size_t tokens)
{
    /* A short text is read by fewer streams: what it lacks are updates. */
    uint32_t batch = 8;
    while (batch < 64 && (double)tokens >= BATCH_TOKENS * 2.0 * batch)
        batch *= 2;
    const double steps_an_epoch = (double)tokens / (batch * WINDOW);
    *options = (db_train_options){
        .threads = 1,
        .seed = 1,
        .batch = batch,
        .window = WINDOW,
        .half = db_linear_has_half(),
        .learning_rate = 1e-2,
        .warmup = steps_an_epoch < WARMUP ? (uint32_t)steps_an_epoch : WARMUP,
        .schedule = DB_SCHEDULE_TRAPEZOID,
        .decay = 0.5,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
        .weight_decay = 0.03,
        .clip = 0.5,
        .average = 0.999,
        .checkpoint_seconds = 60,
        .snapshot_steps = 100,
    };
    if (config->architecture == DOGBERRY_TRANSFORMER)
        transformer_defaults(options, config);
    else
        dropout_defaults(options, config, tokens);
}

typedef struct {
    const char *name;
    double value, low, high;
} range;

int db_train_options_check(const db_train_options *o, db_error *error)
{
    const range ranges[] = {
        {"epochs", o->epochs, 0, 1e6},
        {"minutes", o->minutes, 0, 1e5},
        {"threads", o->threads, 1, 64},
        {"batch", o->batch, 1, 65536},
        {"window", o->window, 1, 1024},
        {"learning rate", o->learning_rate, 1e-8, 10},
        {"schedule", o->schedule, DB_SCHEDULE_COSINE, DB_SCHEDULE_TRAPEZOID},
        {"decay", o->decay, 0, o->minutes > 0 ? 0.95 : 1},
        {"beta1", o->beta1, 0, 0.99999},
        {"beta2", o->beta2, 0, 0.99999},
        {"epsilon", o->epsilon, 0, 1},
        {"weight decay", o->weight_decay, 0, 10},
        {"clip", o->clip, 0, 1e9},
        {"pull", o->pull, 0, 1e6},
        {"average", o->average, 0, 0.999999},
        {"embedding dropout", o->drop_embedding, 0, 0.9},
        {"input dropout", o->drop_input, 0, 0.9},
        {"hidden dropout", o->drop_hidden, 0, 0.9},
        {"output dropout", o->drop_output, 0, 0.9},
        {"recurrent dropout", o->drop_recurrent, 0, 0.9},
        {"attention dropout", o->drop_attention, 0, 0.9},
        {"snapshot steps", o->snapshot_steps, 1, 1e9},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const range *r = &ranges[i];
        if (!(r->value >= r->low && r->value <= r->high)) {
            return db_fail(error, "training options: %s is %g; it must be %g to %g", r->name, r->value, r->low,
                           r->high);
        }
    }
    if (o->half && !db_linear_has_half()) {
        return db_fail(error, "training options: this CPU has no half precision (bfloat16); leave it off");
    }
    if (!(o->epochs > 0 || o->minutes > 0 || o->steps > 0)) {
        return db_fail(error, "training options: no end is set; give epochs, minutes or steps");
    }
    if (o->minutes > 0 && o->schedule != DB_SCHEDULE_TRAPEZOID) {
        return db_fail(error, "training options: a limit in minutes needs the trapezoid schedule");
    }
    return 0;
}

/* A string that grows. */
typedef struct {
    char *text;
    size_t length, capacity;
} description;

static void describe(description *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void describe(description *to, const char *format, ...)
{
    char line[128];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    to->text = db_grow(to->text, &to->capacity, to->length + (size_t)length + 2, 1);
    memcpy(to->text + to->length, line, (size_t)length);
    to->length += (size_t)length;
    to->text[to->length++] = '\n';
    to->text[to->length] = '\0';
}

/* FNV-1a over the ids. */
static uint64_t sequence_hash(const db_sequence *text)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < text->count; i++) {
        hash = (hash ^ text->ids[i]) * UINT64_C(0x100000001B3);
    }
    return hash ^ ((uint64_t)text->start_token << 32) ^ text->end_token;
}

static void describe_limits(description *to, const db_train_options *o)
{
    describe(to, "epochs = %.17g", o->epochs);
    describe(to, "minutes = %.17g", o->minutes);
    describe(to, "steps = %" PRIu64, o->steps);
    describe(to, "threads = %u", o->threads);
    describe(to, "seed = %" PRIu64, o->seed);
    describe(to, "batch = %u", o->batch);
    describe(to, "window = %u", o->window);
    describe(to, "half precision = %d", o->half);
    describe(to, "snapshot steps = %u", o->snapshot_steps);
    describe(to, "patience = %u", o->patience);
}

static void describe_rates(description *to, const db_train_options *o)
{
    const range values[] = {
        {"learning rate", o->learning_rate, 0, 0},
        {"warmup", o->warmup, 0, 0},
        {"schedule", o->schedule, 0, 0},
        {"decay", o->decay, 0, 0},
        {"beta1", o->beta1, 0, 0},
        {"beta2", o->beta2, 0, 0},
        {"epsilon", o->epsilon, 0, 0},
        {"weight decay", o->weight_decay, 0, 0},
        {"clip", o->clip, 0, 0},
        {"pull", o->pull, 0, 0},
        {"average", o->average, 0, 0},
        {"embedding dropout", o->drop_embedding, 0, 0},
        {"input dropout", o->drop_input, 0, 0},
        {"hidden dropout", o->drop_hidden, 0, 0},
        {"output dropout", o->drop_output, 0, 0},
        {"recurrent dropout", o->drop_recurrent, 0, 0},
        {"attention dropout", o->drop_attention, 0, 0},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        describe(to, "%s = %.17g", values[i].name, values[i].value);
    }
}

char *db_run_describe(const db_run *run)
{
    const db_model_config *c = run->config;
    description to = {NULL, 0, 0};
    describe(&to, "architecture = %u", c->architecture);
    describe(&to, "output = %u", c->output);
    describe(&to, "vocabulary = %u", c->vocab);
    describe(&to, "embedding = %u", c->embedding);
    describe(&to, "hidden = %u", c->hidden);
    describe(&to, "layers = %u", c->layers);
    describe(&to, "classes = %u", c->classes);
    if (c->architecture == DOGBERRY_TRANSFORMER) {
        describe(&to, "heads = %u", c->heads);
        describe(&to, "key heads = %u", c->kv_heads);
        describe(&to, "context = %u", c->context);
        describe(&to, "feed-forward = %u", c->feed_forward);
        describe(&to, "rotary base = %u", c->rotary_base);
    }
    /* Before the options: some of their defaults follow from the text. */
    describe(&to, "training text = %016" PRIx64, sequence_hash(run->train));
    describe(&to, "validation text = %016" PRIx64, sequence_hash(run->validation));
    describe_limits(&to, run->options);
    describe_rates(&to, run->options);
    if (run->options->rounding != NULL) {
        describe(&to, "rounding = %s", run->options->rounding->description);
    }
    return to.text;
}
